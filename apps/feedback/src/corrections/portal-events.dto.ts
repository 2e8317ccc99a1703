import { ApiProperty } from '@nestjs/swagger';
import { IsOptional, Matches } from 'class-validator';

export class EventsQuery {
  @ApiProperty({ required: false, example: '4711', description: '`next` of the page before; absent: from the first.' })
  @IsOptional()
  @Matches(/^(0|[1-9][0-9]{0,17})$/, { message: 'after must be the "next" of a page' })
  after?: string;

  @ApiProperty({ required: false, example: '100', description: '1 to 1000; 100 if absent.' })
  @IsOptional()
  @Matches(/^([1-9][0-9]{0,2}|1000)$/, { message: 'limit must be a number from 1 to 1000' })
  limit?: string;
}

/** A transition of a case; it names nobody. */
export interface PortalEvent {
  readonly n: string;
  readonly correctionId: string;
  readonly seq: number;
  readonly what: string;
  readonly was: string;
  readonly now: string;
  readonly why?: string;
  readonly at: string;
  readonly dueAt?: string;
  readonly leaf: string;
}

class PortalEventDto implements PortalEvent {
  @ApiProperty({ example: '4711', description: 'Rises; none comes later below one that was shown.' }) n: string;
  @ApiProperty({ format: 'uuid' }) correctionId: string;
  @ApiProperty({ example: 3 }) seq: number;
  @ApiProperty({ example: 'correction.received' }) what: string;
  @ApiProperty({ example: 'ROUTED' }) was: string;
  @ApiProperty({ example: 'RECEIVED' }) now: string;
  @ApiProperty({ required: false, example: 'document-needed' }) why?: string;
  @ApiProperty({ format: 'date-time' }) at: string;
  @ApiProperty({ required: false, format: 'date-time', description: 'End of the term that it states.' }) dueAt?: string;
  @ApiProperty({ description: 'Leaf hash, base64url.' }) leaf: string;
}

export class PortalEventsDto {
  @ApiProperty({ type: [PortalEventDto], description: 'As the log showed them.' }) events: PortalEventDto[];
  @ApiProperty({ description: 'For `after`; ask with it again, also where there was nothing.' }) next: string;
}
