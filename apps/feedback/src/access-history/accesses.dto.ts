import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsISO8601, IsOptional, Matches, MaxLength } from 'class-validator';
import type { AccessFilter } from './access-history.store.js';
import { ShownQuestionDto } from '../questions/shown-question.dto.js';
import type { AccessRow, Proven, RowEvidence } from './access-row.js';
import type { AccessesPage } from './accesses.service.js';
import { LANGUAGES } from './titles.js';

const PART = String.raw`[A-Za-z0-9'()+,\-.=?]{1,255}`;
const optional = { required: false } as const;
const OUTCOMES = ['answered', 'refused', 'failed', 'pending'] as const;
const ROLES = ['subject', 'user'] as const;
const END_USERS = ['none', 'self', 'representative', 'official', 'unknown'] as const;

export class AccessesQuery {
  @ApiProperty({
    ...optional,
    example: 'DEMO/PIN/TEST000007',
    description: 'One of those whom the end user may ask about.',
  })
  @IsOptional()
  @Matches(/^[A-Z]{2,8}\/[A-Z0-9._-]{1,64}\/[A-Z0-9+_.-]{1,64}$/, { message: 'subject must be COUNTRY/TYPE/CODE' })
  subject?: string;

  @ApiProperty({
    ...optional,
    format: 'date-time',
    example: '2026-11-01T00:00:00Z',
    description: 'From this instant on.',
  })
  @IsOptional()
  @IsISO8601({ strict: true, strictSeparator: true })
  @MaxLength(35)
  from?: string;

  @ApiProperty({
    ...optional,
    format: 'date-time',
    example: '2026-12-01T00:00:00Z',
    description: 'Before this instant.',
  })
  @IsOptional()
  @IsISO8601({ strict: true, strictSeparator: true })
  @MaxLength(35)
  until?: string;

  @ApiProperty({ ...optional, example: 'DEMO/GOV/1003/benefits', description: 'Subsystem that asked.' })
  @IsOptional()
  @Matches(new RegExp(`^${PART}(/${PART}){3}$`), { message: 'consumer must be INSTANCE/CLASS/MEMBER/SUBSYSTEM' })
  consumer?: string;

  @ApiProperty({ ...optional, example: 'DEMO/GOV/1001/population/persons' })
  @IsOptional()
  @Matches(new RegExp(`^${PART}(/${PART}){4}$`), { message: 'service must be INSTANCE/CLASS/MEMBER/SUBSYSTEM/SERVICE' })
  service?: string;

  @ApiProperty({ ...optional, example: 'benefit-decision' })
  @IsOptional()
  @Matches(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, { message: 'purpose must be a code of the catalogue' })
  purpose?: string;

  @ApiProperty({ ...optional, enum: ROLES, description: 'About the person, or asked by them.' })
  @IsOptional()
  @IsIn(ROLES)
  role?: 'subject' | 'user';

  @ApiProperty({ ...optional, example: '50', description: '1 to 100; 50 if absent.' })
  @IsOptional()
  @Matches(/^([1-9][0-9]?|100)$/, { message: 'limit must be a number from 1 to 100' })
  limit?: string;

  @ApiProperty({ ...optional, description: '`next` of the page before, with the same filters.' })
  @IsOptional()
  @Matches(/^[A-Za-z0-9._-]{1,200}$/, { message: 'cursor must be one that came with a page' })
  cursor?: string;

  @ApiProperty({ ...optional, enum: ['true', 'false'], description: 'Statements and proofs with each row.' })
  @IsOptional()
  @IsIn(['true', 'false'])
  proofs?: string;

  @ApiProperty({ ...optional, enum: LANGUAGES, description: 'Of titles; else `Accept-Language`, else English.' })
  @IsOptional()
  @IsIn(LANGUAGES)
  lang?: string;
}

export function filterOf({ from, until, consumer, service, purpose, role }: AccessesQuery): AccessFilter {
  return {
    ...(from === undefined ? {} : { fromMs: Date.parse(from) }),
    ...(until === undefined ? {} : { untilMs: Date.parse(until) }),
    ...(consumer === undefined ? {} : { consumer }),
    ...(service === undefined ? {} : { service }),
    ...(purpose === undefined ? {} : { purpose }),
    ...(role === undefined ? {} : { role }),
  };
}

class NamedDto {
  @ApiProperty({ example: 'DEMO/GOV/1003/benefits' }) id: string;
  @ApiProperty({ ...optional, example: 'Social Fund' }) name?: string;
}

class ServiceDto {
  @ApiProperty({ example: 'DEMO/GOV/1001/population/persons' }) id: string;
  @ApiProperty({ ...optional, example: 'Persons' }) title?: string;
}

class CodeDto {
  @ApiProperty({ example: 'benefit-decision' }) code: string;
  @ApiProperty({ ...optional, example: 'Decision on a social benefit' }) title?: string;
}

class LegalBasisDto extends CodeDto {
  @ApiProperty({ ...optional, example: 'Demo Act on Social Benefits, section 4' }) reference?: string;
}

class LeafPlaceDto {
  @ApiProperty({ example: 'audit.demo.example/DEMO/0/2026h2' }) log: string;
  @ApiProperty({ example: 4711 }) index: number;
}

class ProvenDto implements Proven {
  @ApiProperty({ description: 'The leaf: a compact JWS.' }) statement: string;
  @ApiProperty({ description: 'Its `.tlog-proof` (C2SP).' }) proof: string;
}

class OpeningDto {
  @ApiProperty({ enum: ROLES }) kind: 'subject' | 'user';
  @ApiProperty({ example: 0, description: 'Which of the statement’s commitments it opens.' }) position: number;
  @ApiProperty({ description: 'base64url.' }) r: string;
  @ApiProperty({ example: 'DEMO' }) country: string;
  @ApiProperty({ example: 'PIN' }) type: string;
  @ApiProperty({ example: 'TEST000007' }) code: string;
}

class EvidenceDto extends ProvenDto implements RowEvidence {
  @ApiProperty({ type: OpeningDto }) opening: OpeningDto;
  @ApiProperty({ ...optional, type: ProvenDto, description: 'Where only the answer told the subject: its request.' })
  request?: ProvenDto;
  @ApiProperty({ type: [ProvenDto] }) sequels: ProvenDto[];
}

class AccessDto implements AccessRow {
  @ApiProperty({ format: 'uuid' }) exchangeId: string;
  @ApiProperty({ format: 'date-time' }) at: string;
  @ApiProperty({ example: 'DEMO/PIN/TEST000007' }) subject: string;
  @ApiProperty({ enum: ROLES }) role: 'subject' | 'user';
  @ApiProperty({ type: NamedDto }) consumer: NamedDto;
  @ApiProperty({ type: NamedDto }) provider: NamedDto;
  @ApiProperty({ type: ServiceDto }) service: ServiceDto;
  @ApiProperty({ example: 'GET /{pin}' }) endpoint: string;
  @ApiProperty({ type: CodeDto }) purpose: CodeDto;
  @ApiProperty({ type: LegalBasisDto }) legalBasis: LegalBasisDto;
  @ApiProperty({ enum: OUTCOMES, description: 'What the consumer was told.' }) outcome: (typeof OUTCOMES)[number];
  @ApiProperty({ ...optional, example: 200 }) status?: number;
  @ApiProperty({ description: 'A 2xx answer was given out, whatever was said beside it.' }) disclosed: boolean;
  @ApiProperty({ description: 'The answer flagged elements that are disputed.' }) disputed: boolean;
  @ApiProperty({ enum: END_USERS, description: 'Who acted, never their name.' }) endUser: (typeof END_USERS)[number];
  @ApiProperty({ ...optional, enum: [true], description: 'Perhaps not by them: after the instant that they reported.' })
  afterCompromise?: true;
  @ApiProperty({ type: LeafPlaceDto }) leaf: LeafPlaceDto;
  @ApiProperty({ ...optional, type: ShownQuestionDto, description: 'The newest question about this access.' })
  question?: ShownQuestionDto;
  @ApiProperty({ ...optional, type: EvidenceDto, description: 'With `proofs=true`, where the log shows all of it.' })
  evidence?: EvidenceDto;
}

export class AccessesPageDto implements AccessesPage {
  @ApiProperty({ type: [AccessDto], description: 'Newest first.' }) accesses: AccessDto[];
  @ApiProperty({ ...optional, description: 'Cursor of the next page; absent on the last.' }) next?: string;
}
