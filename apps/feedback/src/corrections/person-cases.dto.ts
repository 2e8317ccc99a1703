import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, Matches, MaxLength, ValidateIf } from 'class-validator';
import type { PersonAct } from './person-cases.service.js';
import { GivenDto, SALTED } from './step.dto.js';

const ACTS = ['withdraw', 'provide-info', 'appeal'] as const;

export class CasesQuery {
  @ApiProperty({ required: false, example: 'DEMO/PIN/TEST000007', description: 'Of this person only.' })
  @IsOptional()
  @IsString()
  @MaxLength(255)
  subject?: string;
}

export class PersonActBody extends GivenDto {
  @ApiProperty({ enum: ACTS }) @IsIn(ACTS) act: (typeof ACTS)[number];

  @ApiProperty({ required: false, description: 'Salted digest of what is sealed for the owner; of an answer always.' })
  @ValidateIf(({ act, doc }: PersonActBody) => act === 'provide-info' || doc !== undefined)
  @Matches(SALTED, { message: 'doc must be a salted digest' })
  doc?: string;
}

export function personActOf({ act, doc }: PersonActBody): PersonAct {
  return act === 'provide-info'
    ? { act, doc: doc ?? '' }
    : { act, ...(act === 'appeal' && doc !== undefined ? { doc } : {}) };
}
