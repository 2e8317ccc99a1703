import { ApiProperty } from '@nestjs/swagger';

export class ErasedDto {
  @ApiProperty({
    type: [String],
    description:
      'Leaf hashes (base64url) of the statements that tell of it, one for each log and eleven quarters; empty: there was nothing. They stand in the log within seconds.',
  })
  statements!: readonly string[];
}
