import { ApiProperty } from '@nestjs/swagger';
import { IsISO8601, MaxLength } from 'class-validator';
import type { Compromised } from './compromises.service.js';

export class CompromisedBody {
  @ApiProperty({
    format: 'date-time',
    example: '2026-11-01T00:00:00Z',
    description: 'From this instant on others have perhaps acted in the person’s name.',
  })
  @IsISO8601({ strict: true, strictSeparator: true })
  @MaxLength(35)
  since: string;
}

export class CompromisedDto implements Compromised {
  @ApiProperty({ format: 'date-time', description: 'The earliest instant that the person has ever given.' })
  since: string;
  @ApiProperty({ description: 'Leaf hash, base64url.' }) leaf: string;
  @ApiProperty({ required: false, example: 'audit.demo.example/DEMO/0/2026h2' }) log?: string;
  @ApiProperty({ required: false, example: 4711 }) index?: number;
}
