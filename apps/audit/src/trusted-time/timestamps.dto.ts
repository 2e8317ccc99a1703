import { ApiPropertyOptional, ApiProperty } from '@nestjs/swagger';
import { IsOptional, Matches } from 'class-validator';

/** Decimal without leading zeros; what is above 2⁵³ is beyond every log and answered as such. */
const COUNT = /^(0|[1-9][0-9]{0,15})$/;
const COUNT_MESSAGE = { message: '$property must be a decimal number without leading zeros' };

export class TimestampQuery {
  @ApiPropertyOptional({ description: 'Leaf that the token must cover; absent: the newest token.', example: '41' })
  @IsOptional()
  @Matches(COUNT, COUNT_MESSAGE)
  index?: string;
}

export class StampedCheckpointQuery {
  @ApiProperty({ description: 'Kerege-Log-Size of a token.', example: '42' })
  @Matches(COUNT, COUNT_MESSAGE)
  size: string;
}
