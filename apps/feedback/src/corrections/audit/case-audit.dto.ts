import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsISO8601, IsOptional, Matches } from 'class-validator';
import { AUDIT_QUESTIONS, type AuditQuestion } from '#corrections';

export class AuditPath {
  @ApiProperty({ enum: AUDIT_QUESTIONS }) @IsIn(AUDIT_QUESTIONS) question: AuditQuestion;
}

export class PeriodQuery {
  @ApiProperty({ required: false, format: 'date-time', description: 'Absent: from the first.' })
  @IsOptional()
  @IsISO8601({ strict: true })
  from?: string;

  @ApiProperty({ required: false, format: 'date-time', description: 'Absent: to the last.' })
  @IsOptional()
  @IsISO8601({ strict: true })
  until?: string;
}

export class AuditQuery extends PeriodQuery {
  @ApiProperty({ required: false, description: 'Id or public number, for a question about one case.' })
  @IsOptional()
  @Matches(/^[0-9A-Za-z-]{1,64}$/, { message: 'case must be an id or a public number' })
  case?: string;

  @ApiProperty({ required: false, format: 'date-time', description: 'Of `overdue`: when; now if absent.' })
  @IsOptional()
  @IsISO8601({ strict: true })
  at?: string;
}
