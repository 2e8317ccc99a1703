import { ApiProperty } from '@nestjs/swagger';
import { IsOptional, Matches } from 'class-validator';

export class EraseQuery {
  @ApiProperty({
    required: false,
    example: 'DEMO/PIN/TEST000007',
    description: 'Who is meant, for a portal that wants to be sure; nobody but the end user is erased.',
  })
  @IsOptional()
  @Matches(/^[A-Z]{2,8}\/[A-Z0-9._-]{1,64}\/[A-Z0-9+_.-]{1,64}$/, { message: 'subject must be COUNTRY/TYPE/CODE' })
  subject?: string;
}

export class ErasedDto {
  @ApiProperty({
    type: [String],
    description:
      'Leaf hashes (base64url) of the statements that tell of it, one for each log and eleven quarters; empty: there was nothing. They stand in the log within seconds.',
  })
  statements!: readonly string[];
}
