import { ApiProperty } from '@nestjs/swagger';
import type { HeaderField } from '../exchange/exchange.js';
import type { CompositionHead, PartHead, PartOutcome, PartSource } from './answer.js';

const localised = {
  selfRequired: false,
  type: 'object',
  additionalProperties: { type: 'string' },
  example: { en: 'Persons' },
} as const;

class SourceDto implements PartSource {
  @ApiProperty({ example: 'DEMO/GOV/1001/population/persons' }) service: string;
  @ApiProperty(localised) title?: Record<string, string>;
  @ApiProperty({ example: 'DEMO/GOV/1001/population' }) subsystem: string;
  @ApiProperty({ example: 'DEMO/GOV/1001' }) member: string;
  @ApiProperty(localised) memberName?: Record<string, string>;
}

class AnswerHeaderDto implements HeaderField {
  @ApiProperty() name: string;
  @ApiProperty() value: string;
}

class PartAnswerDto implements PartHead {
  @ApiProperty({ example: 'person' }) name: string;
  @ApiProperty({
    enum: ['answered', 'refused', 'failed', 'pending'],
    description: 'pending: no outcome is claimed, because none is recorded yet; ask for the exchange by its id.',
  })
  outcome: PartOutcome;
  @ApiProperty({ description: 'What a call of its own would have been answered with.' }) status: number;
  @ApiProperty({ required: false, type: SourceDto }) source?: SourceDto;
  @ApiProperty({ required: false, format: 'date-time', description: 'When the provider says that it answered.' })
  asOf?: string;
  @ApiProperty() tookMs: number;
  @ApiProperty({ required: false, format: 'uuid' }) exchangeId?: string;
  @ApiProperty({ required: false, example: '/v1/exchanges/{id}/evidence' }) evidence?: string;
  @ApiProperty({ required: false, type: [AnswerHeaderDto], description: "The provider's." })
  headers?: AnswerHeaderDto[];
  @ApiProperty({ selfRequired: false, type: 'object', additionalProperties: true, description: 'RFC 9457.' })
  problem?: object;
  @ApiProperty({ required: false }) retryAfterS?: number;
  @ApiProperty({ required: false, enum: ['json', 'base64'] }) bodyEncoding?: 'json' | 'base64';
  @ApiProperty({ required: false, description: 'JSON: the bytes that the provider sent. Else text in base64.' })
  body?: unknown;
}

class CompositionHeadDto implements CompositionHead {
  @ApiProperty({ description: 'Whether every part was answered.' }) complete: boolean;
  @ApiProperty() parts: number;
  @ApiProperty() answered: number;
  @ApiProperty() deadlineMs: number;
  @ApiProperty() tookMs: number;
}

export class CompositionAnswerDto {
  @ApiProperty({ type: CompositionHeadDto }) composition: CompositionHeadDto;
  @ApiProperty({ type: [PartAnswerDto], description: 'In the order in which they were asked for.' })
  parts: PartAnswerDto[];
}
