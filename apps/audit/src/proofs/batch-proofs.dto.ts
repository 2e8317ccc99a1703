import { ApiProperty } from '@nestjs/swagger';
import { ArrayMaxSize, IsArray, IsInt, IsOptional, IsUUID, Max, Min } from 'class-validator';
import { AccessRecordDto, FoundLeafDto, WindowQuery } from '../search/search.dto.js';
import { MAX_PROOFS_ASKED, type BatchProofs, type MissingProofs, type ProvenLeaf } from './batch-proofs.service.js';

export class BatchProofsBody extends WindowQuery {
  @ApiProperty({
    required: false,
    type: [String],
    example: ['01926f5e-7a3c-7000-8000-000000000001'],
    description: 'Exchange ids; each brings all its leaves.',
  })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(MAX_PROOFS_ASKED)
  @IsUUID('all', { each: true })
  exchanges?: string[];

  @ApiProperty({ required: false, type: [Number], example: [4711], description: 'Indices of leaves.' })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(MAX_PROOFS_ASKED)
  @IsInt({ each: true })
  @Min(0, { each: true })
  @Max(Number.MAX_SAFE_INTEGER, { each: true })
  indices?: number[];
}

export class ProvenLeafDto extends FoundLeafDto implements ProvenLeaf {
  @ApiProperty({ description: 'The leaf: a compact JWS.' }) leaf: string;
  @ApiProperty({ description: 'Its `.tlog-proof` (C2SP), against the checkpoint that all share.' }) proof: string;
}

class MissingProofsDto implements MissingProofs {
  @ApiProperty({ type: [String] }) exchanges: string[];
  @ApiProperty({ type: [Number] }) indices: number[];
}

export class BatchProofsDto implements BatchProofs {
  @ApiProperty({ example: 5000, description: 'Leaves in the tree of the checkpoint.' }) size: number;
  @ApiProperty({ description: 'The signed note that every proof ends with.' }) checkpoint: string;
  @ApiProperty({ type: [ProvenLeafDto], description: 'In order of index.' }) proofs: ProvenLeafDto[];
  @ApiProperty({ type: MissingProofsDto, description: 'What the log does not hold, or not for this reader.' })
  missing: MissingProofsDto;
  @ApiProperty({ type: AccessRecordDto }) access: AccessRecordDto;
}
