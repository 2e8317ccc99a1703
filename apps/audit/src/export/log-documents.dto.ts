import { Matches, MaxLength } from 'class-validator';

class LogParameters {
  @MaxLength(100) shard: string;
  @MaxLength(100) window: string;
}

export class LogSnapshotParameters extends LogParameters {
  @Matches(/^[0-9a-f]{64}$/, { message: 'digest must be 64 lower-case hex digits' }) digest: string;
}

export class DigestsParameters extends LogParameters {
  @Matches(/^[1-9][0-9]{0,15}$/, { message: 'number must be a decimal number without leading zeros' }) number: string;
}
