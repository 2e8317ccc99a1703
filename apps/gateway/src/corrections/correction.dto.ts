import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  IsArray,
  IsIn,
  IsObject,
  IsOptional,
  IsString,
  Matches,
  MaxLength,
  ValidateNested,
  IsDefined,
} from 'class-validator';
import { MEDIA_TYPES, type CaseKind } from '#corrections';

const KINDS = ['ERROR', 'MISSING', 'OUTDATED', 'NOT_MINE', 'CHANGE', 'DUPLICATE', 'COPY_STALE'] as const;
const LANGUAGES = ['az', 'ky', 'kk', 'ru', 'en'] as const;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const SUBJECT = /^[A-Z]{2,8}\/[A-Z0-9][A-Z0-9._-]{0,63}\/[A-Z0-9](?:[A-Z0-9+_.-]{0,62}[A-Z0-9])?$/;

/** Described here, judged by `readContent`. */
const itemSchema = {
  type: 'object',
  required: ['pointer'],
  properties: {
    element: { type: 'string', maxLength: 128, example: 'person.birth-date' },
    pointer: { type: 'string', maxLength: 1_024, example: '/birthDate', description: 'RFC 6901, in the answer.' },
    doubted: { description: 'As it was shown, any JSON; absent where something is missing.' },
    proposed: { description: 'As it should be, if the person knows.' },
    asOf: { type: 'string', format: 'date', description: 'Since when it is wrong.' },
    explanation: { type: 'string', maxLength: 4_000 },
  },
};
const attachmentSchema = {
  type: 'object',
  required: ['name', 'mediaType', 'bytes'],
  properties: {
    name: { type: 'string', maxLength: 128 },
    mediaType: { type: 'string', enum: [...MEDIA_TYPES] },
    bytes: { type: 'string', format: 'byte', description: 'base64' },
  },
};

class RecheckDto {
  @ApiProperty({ example: '/TEST000007', description: 'Raw, below the service; a GET of the endpoint.' })
  @IsString()
  @MaxLength(2_048)
  @Matches(/^(\/[\x21\x22\x24-\x3e\x40-\x7e]*)?$/, { message: 'path must be a raw path below the service' })
  path: string;

  @ApiProperty({ required: false, description: 'Raw, without the question mark.' })
  @IsOptional()
  @IsString()
  @MaxLength(2_048)
  @Matches(/^[\x21\x22\x24-\x7e]*$/, { message: 'query must be a raw query' })
  query?: string;
}

/** What a person says is wrong, as their portal asks for it. */
export class CorrectionDto {
  @ApiProperty({ required: false, format: 'uuid', description: 'UUIDv7; the same again files nothing twice.' })
  @IsOptional()
  @Matches(UUID, { message: 'correctionId must be a UUIDv7' })
  correctionId?: string;
  @ApiProperty({ enum: KINDS }) @IsIn(KINDS) kind: CaseKind;
  @ApiProperty({ example: 'DEMO/GOV/1001/register/persons' }) @IsString() @MaxLength(255) service: string;
  @ApiProperty({ example: 'GET /{pin}' }) @IsString() @MaxLength(1_040) endpoint: string;

  @ApiProperty({ format: 'uuid', description: 'Of the answer in which it was seen.' })
  @Matches(UUID, { message: 'exchangeId must be a UUIDv7' })
  exchangeId: string;

  @ApiProperty({ example: 'DEMO/PIN/TEST000007' })
  @Matches(SUBJECT, { message: 'subject must be COUNTRY/TYPE/CODE' })
  subject: string;
  @ApiProperty({ enum: LANGUAGES }) @IsIn(LANGUAGES) language: string;

  @ApiProperty({ required: false, example: 'az', description: 'Of terms; absent: that of the instance.' })
  @IsOptional()
  @Matches(/^[a-z][a-z0-9-]{0,39}$/)
  profile?: string;
  @ApiProperty({ type: 'array', minItems: 1, maxItems: 20, items: itemSchema }) @IsArray() items: unknown[];

  @ApiProperty({ required: false, type: 'array', maxItems: 10, items: attachmentSchema })
  @IsOptional()
  @IsArray()
  attachments?: unknown[];

  @ApiProperty({ required: false, type: RecheckDto, description: 'How the same answer is asked for again.' })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => RecheckDto)
  recheck?: RecheckDto;
}

/** A person's answer to the owner's question. */
export class InfoDto {
  @ApiProperty({ maxLength: 4_000 }) @IsDefined() @IsString() @MaxLength(4_000) text: string;

  @ApiProperty({ required: false, type: 'array', maxItems: 10, items: attachmentSchema })
  @IsOptional()
  @IsArray()
  attachments?: unknown[];
}

/** For what takes no words. */
export class NothingDto {}

/** Feedback's own word of a case, as it stands there. */
export class FiledDto {
  @ApiProperty({ type: Object, description: 'As feedback shows the case.' }) standing: object;
  @ApiProperty({ type: [Object], description: 'Where several owners answer: the case of each.' }) parts: object[];
}

export class StandingDto {
  @ApiProperty({ type: Object, description: 'As feedback shows the case.' }) standing: object;
}

class ShownWordsDto {
  @ApiProperty({ description: 'Number of the transition that brought them.' }) seq: number;
  @ApiProperty({ required: false, example: 'decided' }) what?: string;
  @ApiProperty({ required: false, example: 'DEMO/GOV/1001/register' }) owner?: string;
  @ApiProperty({ required: false, format: 'date-time' }) at?: string;
  @ApiProperty({ required: false, description: 'Plain text; lines may break.' }) text?: string;

  @ApiProperty({
    required: false,
    enum: ['statement-unsound', 'act-unsound', 'words-unsound', 'words-unopenable'],
    description: 'Why there is no text: it cannot be opened here, or its owner has not signed it.',
  })
  problem?: string;
}

export class OwnWordsDto {
  @ApiProperty({ type: [ShownWordsDto] }) words: ShownWordsDto[];
}

export class ShownLetterDto {
  @ApiProperty() title: string;
  @ApiProperty({ type: [String] }) paragraphs: string[];
  @ApiProperty({ example: 'az' }) language: string;
}
