import { IsOptional, Matches, MaxLength } from 'class-validator';

export class SnapshotParameters {
  @Matches(/^[0-9a-f]{64}$/, { message: 'digest must be 64 lower-case hex digits' }) digest: string;
}

export class GoverningQuery {
  @Matches(/^(0|[1-9][0-9]{0,15})$/, { message: 'index must be a decimal number without leading zeros' }) index: string;

  /** Origin of the window that is meant; without it the one that is written. */
  @IsOptional()
  @MaxLength(255)
  log?: string;
}
