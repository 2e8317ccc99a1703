import { applyDecorators } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiConflictResponse,
  ApiForbiddenResponse,
  ApiNotFoundResponse,
  ApiProperty,
  ApiServiceUnavailableResponse,
  ApiUnauthorizedResponse,
} from '@nestjs/swagger';
import { IsIn, IsOptional, IsUUID, Matches } from 'class-validator';
import type { KeptNotice, Notice } from './notice.js';
import type { NoticesPage } from './notices.service.js';

const optional = { required: false } as const;
const STATES = ['waiting', 'parked'] as const;

export class NoticesListQuery {
  @ApiProperty({ ...optional, enum: STATES, description: '`waiting` if absent.' })
  @IsOptional()
  @IsIn(STATES)
  state?: (typeof STATES)[number];

  @ApiProperty({ ...optional, example: '50', description: '1 to 100; 50 if absent.' })
  @IsOptional()
  @Matches(/^([1-9][0-9]?|100)$/, { message: 'limit must be a number from 1 to 100' })
  limit?: string;

  @ApiProperty({ ...optional, description: '`next` of the page before.' })
  @IsOptional()
  @Matches(/^\d{1,18}$/, { message: 'after must be one that came with a page' })
  after?: string;
}

export class NoticeParams {
  @ApiProperty({ format: 'uuid' })
  @IsUUID()
  id: string;
}

export class DiscardDto {
  @ApiProperty({ example: 'handled-on-paper', description: 'A code, which stays beside it: never personal data.' })
  @Matches(/^[a-z][a-z0-9-]{1,63}$/, { message: 'reason must be a code of small letters, digits and hyphens' })
  reason: string;
}

class NoticeDto implements Notice {
  @ApiProperty({ format: 'uuid' }) id: string;
  @ApiProperty({ example: 'question' }) kind: string;
  @ApiProperty({ example: 'DEMO/GOV/1003/benefits' }) to: string;
  @ApiProperty({ format: 'date-time' }) madeAt: string;
  @ApiProperty({ ...optional, format: 'date-time', description: 'Until when what it asks for is to be done.' })
  dueAt?: string;
  @ApiProperty({ type: Object, description: 'JSON by its kind, as it was sealed for the subsystem.' }) content: unknown;
}

class KeptNoticeDto implements KeptNotice {
  @ApiProperty({ format: 'uuid' }) id: string;
  @ApiProperty({ enum: STATES }) state: (typeof STATES)[number];
  @ApiProperty({ example: 0, description: 'To bring it to the agency’s system.' }) attempts: number;
  @ApiProperty({ ...optional, example: 'agency-status-500', description: 'What became of the last.' }) why?: string;
  @ApiProperty({ ...optional, format: 'date-time' }) lastAttemptAt?: string;
  @ApiProperty({ ...optional, type: NoticeDto, description: 'Absent where its key is not held here any more.' })
  notice?: NoticeDto;
}

export class NoticesPageDto implements NoticesPage {
  @ApiProperty({ type: [KeptNoticeDto], description: 'In the order in which they came.' }) notices: KeptNoticeDto[];
  @ApiProperty({ ...optional, description: '`after` of the next page; absent on the last.' }) next?: string;
}

/** RFC 9457 answers of every operation. */
export function ProblemAnswers(): ClassDecorator & MethodDecorator {
  return applyDecorators(
    ApiBadRequestResponse({ description: '`request-malformed`' }),
    ApiUnauthorizedResponse({
      description: '`notice-token-missing`, `notice-token-invalid`, `notice-token-used`',
    }),
    ApiForbiddenResponse({ description: '`notice-reader-foreign`' }),
    ApiServiceUnavailableResponse({ description: '`notice-keys-unknown`, `database-unavailable`' }),
  );
}

/** Of those that change one notice. */
export function ChangeAnswers(): MethodDecorator {
  return applyDecorators(
    ProblemAnswers(),
    ApiNotFoundResponse({ description: '`notice-unknown`' }),
    ApiConflictResponse({ description: '`notice-state`' }),
  );
}
