import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsOptional, Matches, MaxLength, ValidateIf } from 'class-validator';
import { httpErrors } from '#platform';
import { RECIPIENT_ACTIONS, RECIPIENT_REASONS, type RecipientAction, type RecipientReason } from '#signing';
import type { Acknowledgement } from './recipient-acts.service.js';
import { BYTES_32, STATEMENT } from './step.dto.js';

/** Deliveries of feedback tell no time by their id. */
const UUID_V8 = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

export class NoticePath {
  @ApiProperty({ format: 'uuid', description: '`noticeId` of the delivery, which is its id too.' })
  @Matches(UUID_V8, { message: 'noticeId must be that of a delivery' })
  noticeId: string;
}

export class NoticesQuery {
  @ApiProperty({ required: false, format: 'uuid', description: '`next` of the page before.' })
  @IsOptional()
  @Matches(UUID_V8, { message: 'after must be that of a page' })
  after?: string;
}

export class AcknowledgementBody {
  @ApiProperty({ enum: RECIPIENT_ACTIONS, description: 'What was done with the corrected value.' })
  @IsIn(RECIPIENT_ACTIONS)
  action: RecipientAction;

  @ApiProperty({ required: false, enum: RECIPIENT_REASONS, description: 'Of `REFUSED`, and only of that.' })
  @ValidateIf(({ action, reason }: AcknowledgementBody) => action === 'REFUSED' || reason !== undefined)
  @IsIn(RECIPIENT_REASONS)
  reason?: RecipientReason;

  @ApiProperty({ description: '32 random bytes, base64url: the log has a digest of the answer under it.' })
  @Matches(BYTES_32, { message: 'salt must be 32 bytes in base64url' })
  salt: string;

  @ApiProperty({ required: false, description: 'Compact JWS over the payload that was proposed; absent: propose it.' })
  @IsOptional()
  @MaxLength(8_192)
  @Matches(STATEMENT, { message: 'statement must be a compact JWS' })
  statement?: string;
}

/** A reason beside another action would be in the digest and nowhere else. */
export function acknowledgementOf({ action, reason, salt }: AcknowledgementBody): Acknowledgement {
  if (action !== 'REFUSED' && reason !== undefined) {
    const problems = [{ field: 'reason', message: 'reason is for REFUSED alone' }];
    throw httpErrors.error('request-malformed', { extensions: { problems } });
  }
  return { action, reason, salt };
}
