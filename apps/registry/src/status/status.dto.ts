import { ApiProperty } from '@nestjs/swagger';

const STATES = ['ok', 'degraded', 'down'];
const SINCE = { format: 'date-time', description: 'Trouble that comes back within 30 s is still the same trouble.' };

class PartStatusDto {
  @ApiProperty() readonly part!: string;
  @ApiProperty({ enum: STATES }) readonly state!: string;
  @ApiProperty(SINCE) readonly since!: string;
  @ApiProperty({ required: false }) readonly reason?: string;
  @ApiProperty({ required: false, type: Object }) readonly details?: object;
}

class ProcessStatusDto {
  @ApiProperty({ description: 'Its identifier in the registry.' }) readonly id!: string;
  @ApiProperty() readonly app!: string;
  @ApiProperty({ enum: STATES }) readonly state!: string;
  @ApiProperty(SINCE) readonly since!: string;
  @ApiProperty({ required: false }) readonly reason?: string;
  @ApiProperty({ type: [PartStatusDto] }) readonly parts!: readonly PartStatusDto[];
}

class TroubleDto {
  @ApiProperty() readonly process!: string;
  @ApiProperty({ required: false, description: 'Absent: the process itself.' }) readonly part?: string;
  @ApiProperty({ enum: ['degraded', 'down'] }) readonly state!: string;
  @ApiProperty(SINCE) readonly since!: string;
  @ApiProperty({ required: false }) readonly reason?: string;
}

export class InstanceStatusDto {
  @ApiProperty({ enum: ['ok', 'degraded'] }) readonly state!: string;
  @ApiProperty({ format: 'date-time' }) readonly at!: string;
  @ApiProperty({ type: [TroubleDto], description: 'Oldest first.' }) readonly troubles!: readonly TroubleDto[];
  @ApiProperty({ type: [ProcessStatusDto] }) readonly processes!: readonly ProcessStatusDto[];
}
