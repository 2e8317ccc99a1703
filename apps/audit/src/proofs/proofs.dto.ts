import { IsOptional, IsUUID, Matches, MaxLength } from 'class-validator';

/** Decimal without leading zeros; what is above 2⁵³ is beyond every log and answered as such. */
const COUNT = /^(0|[1-9][0-9]{0,15})$/;
const COUNT_MESSAGE = { message: '$property must be a decimal number without leading zeros' };

/** Origin of the window that is meant; without it the one that is written, or any that has what is asked for. */
class WindowQuery {
  @IsOptional()
  @MaxLength(255)
  log?: string;
}

export class InclusionQuery extends WindowQuery {
  @Matches(COUNT, COUNT_MESSAGE) index: string;
  @Matches(COUNT, COUNT_MESSAGE) size: string;
}

export class ConsistencyQuery extends WindowQuery {
  @Matches(COUNT, COUNT_MESSAGE) from: string;
  @Matches(COUNT, COUNT_MESSAGE) to: string;
}

export class LeafQuery extends WindowQuery {
  @Matches(/^[0-9a-f]{64}$/, { message: 'hash must be a leaf hash, 64 lower-case hex digits' }) hash: string;
}

export class LeavesQuery extends WindowQuery {
  @Matches(/^(?:0|[1-9][0-9]{0,15})(?:,(?:0|[1-9][0-9]{0,15})){0,299}$/, {
    message: 'indices must be one to three hundred decimal numbers without leading zeros, joined by commas',
  })
  indices: string;
}

export class ReceiptParameters {
  @IsUUID('all') exchangeId: string;
}

export class ReceiptQuery extends WindowQuery {
  @IsOptional()
  @Matches(/^(c0|c1|p1|b1|-|s[0-9]{1,9})$/, { message: 'slot must be one of c0, c1, p1, b1, s<number>, -' })
  slot?: string;

  @IsOptional()
  @MaxLength(255)
  signer?: string;
}
