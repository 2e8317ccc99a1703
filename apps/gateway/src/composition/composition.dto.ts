import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayNotEmpty,
  IsArray,
  IsIn,
  IsInt,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import { METHODS } from '../edge/call-head.js';
import type { HeaderField } from '../exchange/exchange.js';
import { DEFAULT_DEADLINE_MS, MAX_DEADLINE_MS, MAX_PARTS, type Composition, type Part } from './composition.js';

const MAX_HEADERS = 32;
const MAX_TEXT = 8_192;

/** May be left out, and is not null: what is there is said. */
const Optional = () => ValidateIf((_object, value) => value !== undefined);

class ContextDto {
  @ApiProperty({ required: false, example: 'DEMO/PIN/TEST000001', description: 'As Kerege-Subject.' })
  @Optional()
  @IsString()
  @MaxLength(MAX_TEXT)
  subject?: string;

  @ApiProperty({ required: false, example: 'citizen-view', description: 'As Kerege-Purpose.' })
  @Optional()
  @IsString()
  @MaxLength(MAX_TEXT)
  purpose?: string;

  @ApiProperty({ required: false, description: 'As Kerege-Legal-Basis.' })
  @Optional()
  @IsString()
  @MaxLength(MAX_TEXT)
  legalBasis?: string;

  @ApiProperty({ required: false, description: 'As Kerege-End-User.' })
  @Optional()
  @IsString()
  @Matches(/^[\x21-\x7e]+$/)
  @MaxLength(MAX_TEXT)
  endUser?: string;
}

export class PartHeaderDto implements HeaderField {
  @ApiProperty({
    example: 'Accept',
    description: 'Not X-Road-Client, Kerege-… or Idempotency-Key: the consumer is authenticated, the rest has fields.',
  })
  @IsString()
  @Matches(/^(?!x-road-client$|kerege-|idempotency-key$)[!#$%&'*+\-.^_`|~0-9a-z]{1,256}$/i)
  name: string;

  @ApiProperty({ example: 'application/json' })
  @IsString()
  @Matches(/^[\t\x20-\x7e\x80-\xff]*$/)
  @MaxLength(MAX_TEXT)
  value: string;
}

export class PartDto extends ContextDto implements Part {
  @ApiProperty({ example: 'person', pattern: '^[A-Za-z0-9_-]{1,64}$', description: 'Different in each part.' })
  @IsString()
  @Matches(/^[A-Za-z0-9_-]{1,64}$/)
  name: string;

  @ApiProperty({ example: '/r1/DEMO/GOV/1001/population/persons/TEST000001', description: 'Raw, as on /r1.' })
  @IsString()
  @MaxLength(MAX_TEXT)
  target: string;

  @ApiProperty({ required: false, enum: METHODS, default: 'GET' })
  @Optional()
  @IsIn([...METHODS])
  method?: (typeof METHODS)[number];

  @ApiProperty({ required: false, type: [PartHeaderDto] })
  @Optional()
  @IsArray()
  @ArrayMaxSize(MAX_HEADERS)
  @ValidateNested({ each: true })
  @Type(() => PartHeaderDto)
  headers?: PartHeaderDto[];

  @ApiProperty({
    required: false,
    description: 'Sent as it stands; text is application/json unless a header says else.',
  })
  @Optional()
  @IsString()
  body?: string;

  @ApiProperty({ required: false, enum: ['text', 'base64'], default: 'text' })
  @Optional()
  @IsIn(['text', 'base64'])
  bodyEncoding?: 'text' | 'base64';

  @ApiProperty({ required: false, description: 'As Idempotency-Key. Give one to each part that changes something.' })
  @Optional()
  @IsString()
  @MaxLength(255)
  idempotencyKey?: string;

  @ApiProperty({ required: false, description: 'As Kerege-Concealment; of this part alone.' })
  @Optional()
  @IsString()
  @Matches(/^[\x21-\x7e]+$/)
  @MaxLength(MAX_TEXT)
  concealment?: string;

  @ApiProperty({ required: false, description: "Less than the composition's, for this part." })
  @Optional()
  @IsInt()
  @Min(1)
  @Max(MAX_DEADLINE_MS)
  deadlineMs?: number;
}

export class CompositionDto extends ContextDto implements Composition {
  @ApiProperty({ required: false, default: DEFAULT_DEADLINE_MS, minimum: 100, maximum: MAX_DEADLINE_MS })
  @Optional()
  @IsInt()
  @Min(100)
  @Max(MAX_DEADLINE_MS)
  deadlineMs?: number;

  @ApiProperty({
    required: false,
    enum: ['json', 'base64'],
    default: 'json',
    description: 'base64: every body as its bytes, as kerege verify --answer wants them.',
  })
  @Optional()
  @IsIn(['json', 'base64'])
  answerBodies?: 'json' | 'base64';

  @ApiProperty({ type: [PartDto], minItems: 1, maxItems: MAX_PARTS })
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(MAX_PARTS)
  @ValidateNested({ each: true })
  @Type(() => PartDto)
  parts: PartDto[];
}
