import { ApiProperty } from '@nestjs/swagger';
import { IsISO8601, IsOptional, Matches, MaxLength } from 'class-validator';
import type { Usage } from './usage.js';

const optional = { required: false } as const;

export class UsageQuery {
  @ApiProperty({ example: 'DEMOTEST000007', description: 'The end user, or somebody whom they represent.' })
  @Matches(/^[A-Z0-9+_.-]{1,73}$/, { message: 'userCode must be country and code of a person' })
  userCode: string;

  @ApiProperty({ ...optional, format: 'date-time', description: 'From this instant on.' })
  @IsOptional()
  @IsISO8601({ strict: true, strictSeparator: true })
  @MaxLength(35)
  periodStart?: string;

  @ApiProperty({ ...optional, format: 'date-time', description: 'Until this instant, with it.' })
  @IsOptional()
  @IsISO8601({ strict: true, strictSeparator: true })
  @MaxLength(35)
  periodEnd?: string;

  @ApiProperty({ ...optional, example: '0', description: 'As many are left out.' })
  @IsOptional()
  @Matches(/^[0-9]{1,9}$/, { message: 'offset must be a number' })
  offset?: string;

  @ApiProperty({ ...optional, example: '1000', description: 'At most as many; 1000 if absent, and never more.' })
  @IsOptional()
  @Matches(/^([0-9]{1,3}|1000)$/, { message: 'limit must be a number up to 1000' })
  limit?: string;
}

class UsageDto implements Usage {
  @ApiProperty({ format: 'date-time' }) logtime: string;
  @ApiProperty({ example: 'Decision on a social benefit: Persons' }) action: string;
  @ApiProperty({ example: '1003' }) receiverCode: string;
  @ApiProperty({ ...optional, example: 'Social Fund' }) receiverName?: string;
  @ApiProperty({ example: 'benefits' }) receiverSystem: string;
}

export class UsagesDto {
  @ApiProperty({ example: 1 }) totalUsages: number;
  @ApiProperty({ type: [UsageDto] }) usages: UsageDto[];
}

export class UsagePeriodDto {
  @ApiProperty({ format: 'date-time' }) periodStart: string;
}

export interface Heartbeat {
  readonly status: 'OK' | 'FAIL';
  readonly message: string;
}

export class HeartbeatDto implements Heartbeat {
  @ApiProperty({ enum: ['OK', 'FAIL'] }) status: 'OK' | 'FAIL';
  @ApiProperty() message: string;
}
