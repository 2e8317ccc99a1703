import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsOptional,
  IsString,
  Matches,
  MaxLength,
  ValidateNested,
} from 'class-validator';

import { CHANGE_KINDS, type Change } from './differences.js';

/** What applying did, or would do. */
export interface ApplyAnswer {
  readonly changes: readonly Change[];
  readonly number: number;
  readonly applied: boolean;
  readonly inForce: boolean;
}

const MEBIBYTE = 1024 * 1024;

export class SignedMemberDto {
  @ApiProperty({ description: 'Member identifier, INSTANCE/CLASS/CODE.' })
  @IsString()
  @MaxLength(800)
  member: string;

  @ApiProperty({ description: "The member's document: a JWS by the newest key of its chain." })
  @IsString()
  @MaxLength(4 * MEBIBYTE)
  document: string;

  @ApiProperty({ type: [String], description: 'One JWS per key since the first, each signed by the key before it.' })
  @IsArray()
  @ArrayMaxSize(1_000)
  @IsString({ each: true })
  keyChain: string[];
}

export class OpenApiDocumentDto {
  @ApiProperty({ description: 'As the definition names it under "openapi".' })
  @IsString()
  @MaxLength(1_024)
  path: string;

  @ApiProperty({ required: false, description: 'Hex SHA-256 of the text; checked where it is given.' })
  @IsOptional()
  @Matches(/^[0-9a-f]{64}$/)
  digest?: string;

  @ApiProperty({ enum: ['application/yaml', 'application/json'] })
  @IsIn(['application/yaml', 'application/json'])
  mediaType: string;

  @ApiProperty()
  @IsString()
  @MaxLength(4 * MEBIBYTE)
  text: string;
}

export class ApplyDto {
  @ApiProperty({ description: 'instance.yaml as text; docs/instance.schema.json describes it.' })
  @IsString()
  @MaxLength(4 * MEBIBYTE)
  definition: string;

  @ApiProperty({ type: [SignedMemberDto], description: 'The signed document of every member in the definition.' })
  @IsArray()
  @ArrayMaxSize(10_000)
  @ValidateNested({ each: true })
  @Type(() => SignedMemberDto)
  documents: SignedMemberDto[];

  @ApiProperty({ type: [OpenApiDocumentDto] })
  @IsArray()
  @ArrayMaxSize(10_000)
  @ValidateNested({ each: true })
  @Type(() => OpenApiDocumentDto)
  openapi: OpenApiDocumentDto[];

  @ApiProperty({ required: false, default: false, description: 'Only say what would change.' })
  @IsOptional()
  @IsBoolean()
  dryRun?: boolean;
}

export class ChangeDto implements Change {
  @ApiProperty({ enum: ['add', 'change', 'remove'] }) op: Change['op'];
  @ApiProperty({ enum: CHANGE_KINDS }) kind: Change['kind'];
  @ApiProperty() id: string;
  @ApiProperty({ required: false, description: 'Names of the parts that changed.' }) detail?: string;
  @ApiProperty({ required: false, description: 'Whose it is, where its identifier does not tell.' }) of?: string;
}

export class ApplyAnswerDto implements ApplyAnswer {
  @ApiProperty({ type: [ChangeDto] }) changes: ChangeDto[];
  @ApiProperty({ description: 'Number of the snapshot that holds the definition (of the present one in a dry run).' })
  number: number;
  @ApiProperty({ description: 'Whether anything was written.' }) applied: boolean;
  @ApiProperty({ description: 'Whether a logged manifest of that snapshot is published: false means very soon.' })
  inForce: boolean;
}
