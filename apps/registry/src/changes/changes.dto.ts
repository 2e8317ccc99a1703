import { ApiProperty } from '@nestjs/swagger';
import { Transform, Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsInt,
  IsISO8601,
  IsObject,
  IsOptional,
  IsString,
  IsUUID,
  Matches,
  Max,
  MaxLength,
  Min,
  MinLength,
  ValidateNested,
} from 'class-validator';
import { ChangeDto, OpenApiDocumentDto, SignedMemberDto } from '../definition/apply.dto.js';
import type { ChangeEventView, ChangeLeafView, ChangesPage, ChangeView, PresentDefinition } from './change-view.js';
import type { PatchEntry } from './definition-patch.js';
import { CHANGE_STATES, type ChangeState } from './change-state.js';

/** One line, and nothing that steers the terminal of who reads it. */
const PLAIN = /^[^\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]*$/u;

const MEBIBYTE = 1024 * 1024;

export class ChangeRequestDto {
  @ApiProperty({
    required: false,
    description: 'UUIDv7 of the request, by whoever asks: asked twice it is one request.',
  })
  @IsOptional()
  @IsUUID('7')
  id?: string;

  @ApiProperty({ description: 'Version of the definition from which this was made; GET /v1/definition.' })
  @IsInt()
  @Min(1)
  base: number;

  @ApiProperty({ required: false, description: 'The whole of instance.yaml as text; without officers: they stay.' })
  @IsOptional()
  @IsString()
  @MaxLength(4 * MEBIBYTE)
  definition?: string;

  @ApiProperty({
    required: false,
    description: 'By list of the definition: items to put, new or not, and items (their identifying fields) to remove.',
    example: { suspensions: { remove: [{ of: 'COM/2001' }] } },
  })
  @IsOptional()
  @IsObject()
  patch?: Record<string, { put?: Record<string, unknown>[]; remove?: Record<string, unknown>[] }>;

  @ApiProperty({
    type: [SignedMemberDto],
    required: false,
    description: 'Signed documents of the members that change.',
  })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(10_000)
  @ValidateNested({ each: true })
  @Type(() => SignedMemberDto)
  documents?: SignedMemberDto[];

  @ApiProperty({ type: [OpenApiDocumentDto], required: false })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(10_000)
  @ValidateNested({ each: true })
  @Type(() => OpenApiDocumentDto)
  openapi?: OpenApiDocumentDto[];

  @ApiProperty({ description: 'Why; for who approves and for the history.' })
  @IsString()
  @MinLength(3)
  @MaxLength(1_000)
  @Matches(PLAIN)
  reason: string;

  @ApiProperty({ required: false, description: 'When it shall take effect, within a year; at once after approval.' })
  @IsOptional()
  @IsISO8601({ strict: true, strictSeparator: true })
  effectiveAt?: string;

  @ApiProperty({ required: false, default: false, description: 'Only say what would change.' })
  @IsOptional()
  @IsBoolean()
  dryRun?: boolean;
}

export class SuspensionDto {
  @ApiProperty({ required: false, description: 'UUIDv7 of the request, by whoever asks.' })
  @IsOptional()
  @IsUUID('7')
  id?: string;

  @ApiProperty({ description: 'Member, subsystem or service, without the code of the instance.' })
  @IsString()
  @MaxLength(1_000)
  of: string;

  @ApiProperty({ required: false, description: 'Only this endpoint of the service.' })
  @IsOptional()
  @IsString()
  @MaxLength(1_100)
  endpoint?: string;

  @ApiProperty()
  @IsString()
  @MinLength(3)
  @MaxLength(500)
  @Matches(PLAIN)
  reason: string;
}

export class DecisionDto {
  @ApiProperty({ description: 'Why; for who asked and for the history.' })
  @IsString()
  @MinLength(3)
  @MaxLength(500)
  @Matches(PLAIN)
  reason: string;
}

export class ChangeIdDto {
  @IsUUID()
  id: string;
}

class PageQuery {
  @ApiProperty({ required: false, default: 0, description: 'The `next` of the page before.' })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(0)
  after?: number;

  @ApiProperty({ required: false, default: 50 })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(200)
  limit?: number;
}

export class ChangesQuery extends PageQuery {
  @ApiProperty({ required: false, description: 'Only those that may still change something.' })
  @IsOptional()
  @Transform(({ value }: { value: unknown }) => (value === 'true' ? true : value === 'false' ? false : value))
  @IsBoolean()
  open?: boolean;
}

export class HistoryQuery extends PageQuery {
  @ApiProperty({ description: 'As in `changes` of a request: member, subsystem, service, agreement, key, …' })
  @IsString()
  @MaxLength(50)
  kind: string;

  @ApiProperty({ description: 'As in `changes` of a request.' })
  @IsString()
  @MaxLength(2_500)
  id: string;
}

export class ChangeEventDto implements ChangeEventView {
  @ApiProperty() seq: number;
  @ApiProperty() at: string;
  @ApiProperty({ enum: CHANGE_STATES }) state: ChangeState;
  @ApiProperty({ required: false, description: 'COUNTRY/TYPE/CODE; absent: the registry itself.' }) person?: string;
  @ApiProperty({ required: false }) issuer?: string;
  @ApiProperty({ required: false, description: 'By which of their roles.' }) roles?: string;
  @ApiProperty({ required: false }) reason?: string;
  @ApiProperty({ required: false, description: 'Version of the definition that came of it.' }) version?: number;
}

export class ChangeViewDto implements ChangeView {
  @ApiProperty() id: string;
  @ApiProperty({ enum: CHANGE_STATES }) state: ChangeState;
  @ApiProperty() base: number;
  @ApiProperty() reason: string;
  @ApiProperty({ description: 'Ordered by a security officer alone.' }) isEmergency: boolean;
  @ApiProperty({ required: false }) effectiveAt?: string;
  @ApiProperty({ type: [ChangeDto] }) changes: ChangeDto[];
  @ApiProperty({ type: [ChangeEventDto] }) events: ChangeEventDto[];
}

export class ChangeLeafDto implements ChangeLeafView {
  @ApiProperty({ description: 'The leaf, a compact JWS.' }) statement: string;
  @ApiProperty({ required: false, description: 'Where it stands in the log.' }) index?: number;
  @ApiProperty({ description: 'What `doc` of the leaf is the salted digest of, byte for byte.' }) record: string;
  @ApiProperty({ description: 'With which the digest was made, base64url.' }) salt: string;
  @ApiProperty({ description: 'Openings of `user`, in its order: person, and secret in base64url.' })
  persons: readonly { person: string; r: string }[];
}

export class ItemDto implements PatchEntry {
  @ApiProperty({ type: String, description: 'List of the definition.' }) list: PatchEntry['list'];
  @ApiProperty({ required: false, description: 'The item before; absent: it is new.' }) was?: Record<string, unknown>;
  @ApiProperty({ required: false, description: 'The item after; absent: it goes.' }) now?: Record<string, unknown>;
}

export class OneChangeDto extends ChangeViewDto {
  @ApiProperty({
    required: false,
    type: [ItemDto],
    description: 'What exactly it says; for who decides about it or sees every request.',
  })
  items?: ItemDto[];
  @ApiProperty({ required: false, type: ChangeLeafDto }) leaf?: ChangeLeafDto;
}

export class ChangesPageDto implements ChangesPage {
  @ApiProperty({ type: [ChangeViewDto] }) changes: ChangeViewDto[];
  @ApiProperty({ required: false, description: 'Where the next page begins; absent on the last.' }) next?: number;
}

export class RequestedDto {
  @ApiProperty({ required: false, description: 'Absent where nothing would change, or it was only tried.' })
  id?: string;
  @ApiProperty({ type: [ChangeDto] }) changes: ChangeDto[];
}

export class DefinitionDto implements PresentDefinition {
  @ApiProperty() version: number;
  @ApiProperty({ description: 'The definition in force; officers for those only who see every request.' })
  definition: Record<string, unknown>;
}
