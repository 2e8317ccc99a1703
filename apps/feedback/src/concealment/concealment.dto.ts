import { ApiProperty } from '@nestjs/swagger';
import { IsOptional, IsUUID, Matches, MaxLength } from 'class-validator';
import type { ShownOrder, TakenOrder } from './orders.service.js';

export class OrderBody {
  @ApiProperty({ description: '`access.concealment`, compact JWS.' })
  @Matches(/^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/, { message: 'statement must be a compact JWS' })
  @MaxLength(8192)
  statement: string;
}

export class OrderPath {
  @ApiProperty({ format: 'uuid' })
  @IsUUID('7')
  id: string;
}

export class OrdersQuery {
  @ApiProperty({ required: false, format: 'uuid', description: 'Id of the last order of the page before.' })
  @IsOptional()
  @IsUUID('7')
  before?: string;

  @ApiProperty({ required: false, example: '50', description: '1 to 100; 50 if absent.' })
  @IsOptional()
  @Matches(/^([1-9][0-9]?|100)$/, { message: 'limit must be a number from 1 to 100' })
  limit?: string;
}

export class TakenOrderDto implements TakenOrder {
  @ApiProperty({ format: 'uuid' }) id: string;
  @ApiProperty({ description: 'Leaf hash, base64url.' }) leaf: string;
  @ApiProperty({ example: 'audit.demo.example/DEMO/0/2026h2' }) log: string;
  @ApiProperty({ example: 4711 }) index: number;
}

export class ShownOrderDto extends TakenOrderDto implements ShownOrder {
  @ApiProperty({ example: 'DEMO/GOV/1004/investigation' }) authority: string;
  @ApiProperty({ example: 'DEMO/GOV/1009/security' }) operator: string;
  @ApiProperty({ format: 'date-time' }) at: string;
  @ApiProperty({ format: 'date-time' }) until: string;
  @ApiProperty({ description: 'Digest of the act.' }) doc: string;
  @ApiProperty({ required: false, description: 'What calls name; absent while nobody has countersigned.' })
  countersignature?: string;
  @ApiProperty({ required: false, description: 'Accesses that it has concealed; for auditors alone.' })
  accesses?: number;
}

export class OrdersPageDto {
  @ApiProperty({ type: [ShownOrderDto], description: 'Newest first.' }) orders: ShownOrder[];
}

export class ConcealedNowDto {
  @ApiProperty({ required: false, example: 12, description: 'Absent while it is less than ten.' }) concealed?: number;
}
