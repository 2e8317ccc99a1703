import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsOptional, Matches } from 'class-validator';
import { LeafFilterQuery } from '../search/search.dto.js';
import { EXPORT_FORMATS, type ExportFormat } from './export-format.js';

export class ExportQuery extends LeafFilterQuery {
  @ApiProperty({ enum: EXPORT_FORMATS, example: 'jsonl' })
  @IsIn(EXPORT_FORMATS)
  format: ExportFormat;

  @ApiProperty({ required: false, description: '`next` of the last line of an export with the same filters.' })
  @IsOptional()
  @Matches(/^[A-Za-z0-9._-]{1,200}$/, { message: 'cursor must be one that came with an export' })
  cursor?: string;
}
