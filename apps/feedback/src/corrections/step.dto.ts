import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsOptional, Matches, MaxLength, ValidateNested } from 'class-validator';
import type { GivenContent, GivenStep } from './cases.service.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
export const IS_UUID = (name: string, { each = false } = {}) =>
  Matches(UUID, { each, message: `${name} must be a UUIDv7` });
/** In canonical unpadded base64url: the last character of 32 bytes carries four bits. */
export const BYTES_32 = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;
export const SALTED = /^h1:[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;
/** Compact JWS. */
export const STATEMENT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;
/** 512 KiB of content, sealed, in base64url, with the record around it. */
const MOST_SEALED = 720 * 1024;

export class CasePath {
  @ApiProperty({ format: 'uuid', example: '019ac1a4-7a3c-7000-8000-000000000001' })
  @IS_UUID('id')
  id: string;
}

export class SealedDto {
  @ApiProperty({ format: 'uuid', description: 'Under which the other side is brought it; it is bound to it.' })
  @IS_UUID('content.id')
  id: string;

  @ApiProperty({ description: 'Sealed for a published key of whom it is for, base64url.' })
  @MaxLength(MOST_SEALED)
  @Matches(/^[A-Za-z0-9_-]+$/, { message: 'content.sealed must be base64url' })
  sealed: string;

  @ApiProperty({
    required: false,
    description: 'Of a request: the same as only the gateway that files it can open it, base64url; for a successor.',
  })
  @IsOptional()
  @MaxLength(MOST_SEALED)
  @Matches(/^[A-Za-z0-9_-]+$/, { message: 'content.copy must be base64url' })
  copy?: string;
}

/** What makes a proposal a step. Without it the answer is the payload that has to be signed. */
export class GivenDto {
  @ApiProperty({ required: false, description: 'Compact JWS over the payload that was proposed; absent: propose it.' })
  @IsOptional()
  @MaxLength(8_192)
  @Matches(STATEMENT, { message: 'statement must be a compact JWS' })
  statement?: string;

  @ApiProperty({ required: false, type: SealedDto, description: 'What is for the other side alone.' })
  @IsOptional()
  @ValidateNested()
  @Type(() => SealedDto)
  content?: SealedDto;
}

export function givenOf({
  statement,
  content,
}: Pick<GivenDto, 'statement' | 'content'>): Omit<GivenStep, 'act'> | undefined {
  if (statement === undefined) return undefined;
  return { statement, content: content && contentOf(content) };
}

export function contentOf({ id, sealed, copy }: SealedDto): GivenContent {
  return {
    ...{ id, sealed: Buffer.from(sealed, 'base64url') },
    ...(copy === undefined ? {} : { copy: Buffer.from(copy, 'base64url') }),
  };
}

export class StepOutcomeDto {
  @ApiProperty({ required: false, type: Object, description: 'To be signed as it is, within five minutes.' })
  payload?: object;

  @ApiProperty({ required: false, type: Object, description: 'The case, as the log shows it.' })
  standing?: object;
}
