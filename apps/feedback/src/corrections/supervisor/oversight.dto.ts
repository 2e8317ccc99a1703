import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { Equals, IsIn, IsOptional, Matches, MaxLength, ValidateNested } from 'class-validator';
import { CASE_STATES, type CaseState } from '#corrections';
import { IS_UUID, SealedDto } from '../step.dto.js';

const JWS = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;
const SUBSYSTEM = /^[A-Z][A-Z0-9-]{1,15}\/[A-Z]{2,8}\/[A-Za-z0-9._-]{1,64}\/[a-z0-9-]{1,64}$/;

export class SupervisedQuery {
  @ApiProperty({ required: false, enum: CASE_STATES })
  @IsOptional()
  @IsIn(CASE_STATES)
  state?: CaseState;

  @ApiProperty({ required: false, enum: ['true'], description: 'Only where the owner is late now.' })
  @IsOptional()
  @IsIn(['true'])
  overdue?: 'true';

  @ApiProperty({ required: false, enum: ['true'], description: 'Only where a delay has escalated, or on appeal.' })
  @IsOptional()
  @IsIn(['true'])
  escalated?: 'true';

  @ApiProperty({ required: false, format: 'uuid', description: '`next` of the page before.' })
  @IsOptional()
  @IS_UUID('after')
  after?: string;

  @ApiProperty({ required: false, example: '50', description: '1 to 100; 50 if absent.' })
  @IsOptional()
  @Matches(/^([1-9][0-9]?|100)$/, { message: 'limit must be a number from 1 to 100' })
  limit?: string;
}

class OrderedBody {
  @ApiProperty({ required: false, description: 'The order, signed as `kerege-case-order+jwt`; absent: propose it.' })
  @IsOptional()
  @MaxLength(8_192)
  @Matches(JWS, { message: 'statement must be a compact JWS' })
  statement?: string;
}

export class ReopenBody extends OrderedBody {
  @ApiProperty({ enum: ['supervisor-order'] }) @Equals('supervisor-order') reason: 'supervisor-order';
}

export class AssignBody extends OrderedBody {
  @ApiProperty({ enum: ['operator-assigned'] }) @Equals('operator-assigned') reason: 'operator-assigned';

  @ApiProperty({ example: 'DEMO/GOV/1002/cadastre', description: 'Who has to decide from now on.' })
  @Matches(SUBSYSTEM, { message: 'target must be a subsystem' })
  target: string;

  @ApiProperty({ required: false, type: SealedDto, description: 'The request, sealed anew by the former owner.' })
  @IsOptional()
  @ValidateNested()
  @Type(() => SealedDto)
  content?: SealedDto;
}
