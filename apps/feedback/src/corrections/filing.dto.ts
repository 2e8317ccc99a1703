import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsDefined,
  IsIn,
  IsInt,
  IsISO8601,
  IsOptional,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import type { CaseKind } from '#corrections';
import type { ServiceId } from '#kernel';
import { BYTES_32, GivenDto, IS_UUID, SALTED } from './step.dto.js';
import type { Filing } from './filing.service.js';

const KINDS = ['ERROR', 'MISSING', 'OUTDATED', 'NOT_MINE', 'CHANGE', 'DUPLICATE', 'COPY_STALE'] as const;
const LANGUAGES = ['az', 'ky', 'kk', 'ru', 'en'] as const;
const EXCHANGE_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

class ItemOutlineDto {
  @ApiProperty({ required: false, example: 'person.birth-date' })
  @IsOptional()
  @IsString()
  @MaxLength(128)
  element?: string;

  @ApiProperty({ example: '/birthDate', description: 'RFC 6901, in the answer in which it was seen.' })
  @MaxLength(1_024)
  @Matches(/^(\/([^~]|~[01])*)?$/, { message: 'pointer must be a JSON pointer' })
  pointer: string;

  @ApiProperty({ required: false, description: 'Salted digest of what was shown.' })
  @IsOptional()
  @Matches(SALTED)
  doubted?: string;
  @ApiProperty({ required: false }) @IsOptional() @Matches(SALTED) proposed?: string;
  @ApiProperty({ required: false, format: 'date' }) @IsOptional() @IsISO8601({ strict: true }) asOf?: string;
}

class EvidenceOutlineDto {
  @ApiProperty() @Matches(SALTED) digest: string;
  @ApiProperty({ example: 'application/pdf' }) @IsString() @MaxLength(64) mediaType: string;
  @ApiProperty({ description: 'Bytes.' }) @IsInt() @Min(0) @Max(524_288) size: number;
}

export class OutlineDto {
  @ApiProperty({ format: 'uuid' }) @Matches(EXCHANGE_ID, { message: 'exchangeId must be a UUIDv7' }) exchangeId: string;
  @ApiProperty({ description: 'Salted digest of the whole content: `doc` of the leaf.' })
  @Matches(SALTED)
  digest: string;

  @ApiProperty({ type: [ItemOutlineDto] })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(20)
  @ValidateNested({ each: true })
  @Type(() => ItemOutlineDto)
  items: ItemOutlineDto[];

  @ApiProperty({ type: [EvidenceOutlineDto] })
  @IsArray()
  @ArrayMaxSize(10)
  @ValidateNested({ each: true })
  @Type(() => EvidenceOutlineDto)
  evidence: EvidenceOutlineDto[];
}

class PartDto {
  @ApiProperty({ format: 'uuid' }) @IS_UUID('correctionId') correctionId: string;
  @ApiProperty({ example: 'DEMO/GOV/1001/register' }) @IsString() @MaxLength(128) owner: string;
  @ApiProperty({ type: [Number] }) @IsArray() @ArrayMinSize(1) @ArrayMaxSize(20) @IsInt({ each: true }) items: number[];
}

/** A request, without what is wrong: that is sealed for its owner. */
export class FilingBody extends GivenDto {
  @ApiProperty({ format: 'uuid', description: 'The case’s id, made by who files.' })
  @IS_UUID('correctionId')
  correctionId: string;
  @ApiProperty({ enum: KINDS }) @IsIn(KINDS) kind: CaseKind;
  @ApiProperty({ required: false, example: 'az' }) @IsOptional() @Matches(/^[a-z][a-z0-9-]{0,39}$/) profile?: string;
  @ApiProperty({ example: 'DEMO/PIN/TEST000007' }) @IsString() @MaxLength(255) subject: string;
  @ApiProperty({ description: '32 random bytes, base64url, of the commitment to the person.' })
  @Matches(BYTES_32)
  r: string;
  @ApiProperty({ example: 'DEMO/GOV/1001/register/persons' }) @IsString() @MaxLength(255) service: ServiceId;
  @ApiProperty({ example: 'GET /{pin}' }) @IsString() @MaxLength(1_040) endpoint: string;
  @ApiProperty({ enum: LANGUAGES }) @IsIn(LANGUAGES) language: string;

  @ApiProperty({ type: OutlineDto })
  @IsDefined()
  @ValidateNested()
  @Type(() => OutlineDto)
  outline: OutlineDto;

  @ApiProperty({ format: 'uuid' }) @IS_UUID('contentId') contentId: string;

  @ApiProperty({ required: false, type: [PartDto], description: 'Of a whole that several owners answer.' })
  @IsOptional()
  @IsArray()
  @ArrayMinSize(2)
  @ArrayMaxSize(20)
  @ValidateNested({ each: true })
  @Type(() => PartDto)
  parts?: PartDto[];

  @ApiProperty({ required: false, format: 'uuid', description: 'Of a part: the whole.' })
  @IsOptional()
  @IS_UUID('parentId')
  parentId?: string;
}

/** Without what makes it a step. */
export function filingOf({ statement: _statement, content: _content, ...filing }: FilingBody): Filing {
  return filing;
}
