import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsISO8601, MaxLength } from 'class-validator';
import { AccessRecordDto, WindowQuery } from '../search/search.dto.js';
import { REPORTS, type Report, type ReportName, type ReportRow } from './reports.service.js';

export class ReportParameters {
  @IsIn(REPORTS) report: ReportName;
}

export class ReportQuery extends WindowQuery {
  @ApiProperty({ format: 'date-time', example: '2026-11-01T00:00:00Z' })
  @IsISO8601({ strict: true, strictSeparator: true })
  @MaxLength(35)
  from: string;

  @ApiProperty({ format: 'date-time', example: '2026-12-01T00:00:00Z', description: 'At most 31 days later.' })
  @IsISO8601({ strict: true, strictSeparator: true })
  @MaxLength(35)
  until: string;
}

const optional = { required: false } as const;

class ReportRowDto implements ReportRow {
  @ApiProperty({ ...optional, format: 'uuid' }) exchange?: string;
  @ApiProperty({ ...optional, format: 'date-time' }) at?: string;
  @ApiProperty({ ...optional, example: 'DEMO/GOV/1000/mygov' }) consumer?: string;
  @ApiProperty({ ...optional, example: 'DEMO/GOV/1001/population' }) provider?: string;
  @ApiProperty({ ...optional, example: 'DEMO/GOV/1001/population/persons' }) service?: string;
  @ApiProperty({ ...optional, description: 'Index of the request’s leaf.' }) requested?: number;
  @ApiProperty({ ...optional, description: 'Index of the answer’s leaf.' }) answered?: number;
  @ApiProperty({ ...optional, description: 'Index of the leaf that contradicts it.' }) failed?: number;
  @ApiProperty({ ...optional, example: '2026-11-27', description: '`faults` only.' }) day?: string;
  @ApiProperty({ ...optional, example: 'provider' }) side?: string;
  @ApiProperty({ ...optional, example: 'provider-unreachable' }) reason?: string;
  @ApiProperty({ ...optional, description: '`faults` only: how many.' }) number?: number;
}

export class ReportDto implements Report {
  @ApiProperty({ type: [ReportRowDto] }) rows: ReportRowDto[];
  @ApiProperty({ description: 'Whether there are more rows than these 1,000.' }) truncated: boolean;
  @ApiProperty() indexedTo: number;
  @ApiProperty({ type: AccessRecordDto }) access: AccessRecordDto;
}
