import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsDefined, IsOptional, IsString, MaxLength, ValidateNested } from 'class-validator';
import { OutlineDto } from './filing.dto.js';
import { IS_UUID, SealedDto } from './step.dto.js';

export class SealingsQuery {
  @ApiProperty({ required: false, format: 'uuid', description: '`next` of the page before.' })
  @IsOptional()
  @IS_UUID('after')
  after?: string;
}

export class SealingBody {
  @ApiProperty({ example: 'DEMO/GOV/1003/register', description: 'For whom it was sealed.' })
  @IsString()
  @MaxLength(255)
  successor: string;

  @ApiProperty({ type: OutlineDto, description: 'Of what was sealed; that of the filing.' })
  @IsDefined()
  @ValidateNested()
  @Type(() => OutlineDto)
  outline: OutlineDto;

  @ApiProperty({ type: SealedDto })
  @IsDefined()
  @ValidateNested()
  @Type(() => SealedDto)
  content: SealedDto;
}
