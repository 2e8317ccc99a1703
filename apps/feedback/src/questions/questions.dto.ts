import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, Matches, Max, MaxLength, Min, ValidateNested, IsDefined } from 'class-validator';
import { LANGUAGES, type Language } from '../access-history/titles.js';
import { QUESTION_CODES, QUESTION_STATES, type QuestionCode, type QuestionState } from './question.js';
import { IsQuestionText } from './question-text.dto.js';
import type { QuestionStanding } from './question.js';

const ROLES = ['subject', 'user'] as const;

export class LeafBody {
  @ApiProperty({ example: 'audit.demo.example/DEMO/0/2026h2' })
  @MaxLength(255)
  @Matches(/^[\x21-\x7e]+$/, { message: 'log must be the origin of a log' })
  log: string;

  @ApiProperty({ example: 4711 })
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  index: number;
}

export class QuestionBody {
  @ApiProperty({ type: LeafBody, description: 'The access, as `leaf` of its row names it.' })
  @IsDefined()
  @ValidateNested()
  @Type(() => LeafBody)
  leaf: LeafBody;

  @ApiProperty({ required: false, enum: ROLES, description: '`role` of the row.' })
  @IsOptional()
  @IsIn(ROLES)
  role?: 'subject' | 'user';

  @ApiProperty({ required: false, example: 'DEMO/PIN/TEST000007', description: '`subject` of the row.' })
  @IsOptional()
  @Matches(/^[A-Z]{2,8}\/[A-Z0-9._-]{1,64}\/[A-Z0-9+_.-]{1,64}$/, { message: 'subject must be COUNTRY/TYPE/CODE' })
  subject?: string;

  @ApiProperty({ enum: QUESTION_CODES })
  @IsIn(QUESTION_CODES)
  code: QuestionCode;

  @IsQuestionText('The person’s own words; only whoever made the access can read them.', 'I was abroad that day.')
  text?: string;

  @ApiProperty({ enum: LANGUAGES, description: 'In which the person reads.' })
  @IsIn(LANGUAGES)
  language: Language;
}

export class QuestionStandingDto implements QuestionStanding {
  @ApiProperty({ format: 'uuid', example: '019ac1a4-7a3c-7000-8000-000000000001' }) id: string;
  @ApiProperty({ enum: QUESTION_STATES }) state: QuestionState;
  @ApiProperty({ format: 'date-time', example: '2026-11-27T09:00:00.000Z' }) askedAt: string;
  @ApiProperty({ format: 'date-time', example: '2026-12-12T09:00:00.000Z' }) dueAt: string;
  @ApiProperty({ required: false, format: 'date-time', example: '2026-12-01T10:00:00.000Z' }) answeredAt?: string;
  @ApiProperty({ required: false, description: 'The answer came behind its term.' }) late?: boolean;
}
