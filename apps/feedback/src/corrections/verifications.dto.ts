import { ApiProperty } from '@nestjs/swagger';
import { ArrayMaxSize, IsArray, IsBoolean, IsOptional, Matches, MaxLength } from 'class-validator';
import { IS_UUID, SALTED, STATEMENT } from './step.dto.js';

export class VerificationsQuery {
  @ApiProperty({ required: false, format: 'uuid', description: '`next` of the page before.' })
  @IsOptional()
  @IS_UUID('after')
  after?: string;
}

export class OverBody {
  @ApiProperty({ type: [String], maxItems: 100, description: 'Ids of cases of this portal.' })
  @IsArray()
  @ArrayMaxSize(100)
  @IS_UUID('ids', { each: true })
  ids: string[];
}

export class VerificationBody {
  @ApiProperty({ description: 'Whether every corrected value has its new hash.' })
  @IsBoolean()
  isMatch: boolean;

  @ApiProperty({ description: 'Salted digest of what was seen.' })
  @Matches(SALTED, { message: 'doc must be a salted digest' })
  doc: string;

  @ApiProperty({ required: false, description: 'Compact JWS over the payload that was proposed; absent: propose it.' })
  @IsOptional()
  @MaxLength(8_192)
  @Matches(STATEMENT, { message: 'statement must be a compact JWS' })
  statement?: string;
}
