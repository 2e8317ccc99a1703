import { ApiProperty } from '@nestjs/swagger';
import { Matches, MaxLength } from 'class-validator';
import type { SampledCommitment } from './completeness.service.js';
import type { LogCount } from './completeness.store.js';

const STATES = ['shown', 'concealed', 'pending', 'erased', 'repeated', 'missing'] as const;

export class SampleQuery {
  @ApiProperty({ example: 'audit.demo.example/DEMO/0/2026h2', description: 'Origin of a log of the report.' })
  @Matches(/^[\x21-\x7e]{1,255}$/, { message: 'log must be the origin of a log' })
  log!: string;

  @ApiProperty({ example: '3,17,4711', description: 'Indices of leaves, at most 100.' })
  @Matches(/^\d{1,15}(,\d{1,15}){0,99}$/, { message: 'indices must be 1 to 100 numbers, separated by commas' })
  @MaxLength(1_700)
  indices!: string;
}

class LogCountDto implements LogCount {
  @ApiProperty() origin!: string;
  @ApiProperty({ description: 'Leaves that were followed; what is counted lies before this index.' }) size!: number;
  @ApiProperty({ description: 'Commitments that their persons are shown.' }) rows!: number;
  @ApiProperty() concealed!: number;
  @ApiProperty({ description: 'Nobody has opened them yet.' }) pending!: number;
  @ApiProperty() erased!: number;
  @ApiProperty({ description: 'Of statements that are leaves of another log, too, and count there.' })
  repeated!: number;
  @ApiProperty({ description: 'Of the erased ones: those whose statement the log does not show yet.' })
  stating!: number;
}

export class CompletenessDto {
  @ApiProperty({ format: 'date-time' }) at!: string;
  @ApiProperty({ type: [LogCountDto] }) logs!: readonly LogCount[];
}

class OpeningDto {
  @ApiProperty({ description: 'base64url' }) r!: string;
  @ApiProperty() country!: string;
  @ApiProperty() type!: string;
  @ApiProperty() code!: string;
}

class SampledDto implements SampledCommitment {
  @ApiProperty() index!: number;
  @ApiProperty({ enum: ['subject', 'user'] }) kind!: 'subject' | 'user';
  @ApiProperty() position!: number;
  @ApiProperty({ enum: STATES }) state!: (typeof STATES)[number];
  @ApiProperty({ type: OpeningDto, required: false }) opening?: OpeningDto;
}

export class SampleDto {
  @ApiProperty({ type: [SampledDto] }) commitments!: readonly SampledCommitment[];
}
