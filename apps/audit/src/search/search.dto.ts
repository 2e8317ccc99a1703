import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsISO8601, IsOptional, IsUUID, Matches, MaxLength } from 'class-validator';
import type { AccessRecord } from '../access-log/access-log.service.js';
import type { FoundLeaf } from './found-leaf.js';
import type { LeafFilter } from './leaf-query.js';
import type { SearchPage } from './search.service.js';

const PART = String.raw`[A-Za-z0-9'()+,\-.=?]{1,255}`;
const PARTY = new RegExp(`^${PART}(/${PART}){2,3}$`);
const SERVICE = new RegExp(`^${PART}(/${PART}){4}$`);
const PARTY_MESSAGE = { message: '$property must be a member or a subsystem, INSTANCE/CLASS/MEMBER[/SUBSYSTEM]' };
const SIDES = ['consumer', 'bus', 'provider', 'provider-system', 'unknown'] as const;
const optional = { required: false } as const;

/** Which window is read. */
export class WindowQuery {
  @ApiProperty({
    ...optional,
    example: 'audit.demo.example/DEMO/0/2026h2',
    description: 'Origin of the window that is read, as /.well-known/audit-logs.json lists them; absent: the open one.',
  })
  @IsOptional()
  @MaxLength(255)
  log?: string;
}

/** Filters of a search; each that is given must hold. */
export class LeafFilterQuery extends WindowQuery {
  @ApiProperty({
    ...optional,
    format: 'date-time',
    example: '2026-11-27T00:00:00Z',
    description: 'From this instant on, by the clock of the leaf’s maker.',
  })
  @IsOptional()
  @IsISO8601({ strict: true, strictSeparator: true })
  @MaxLength(35)
  from?: string;

  @ApiProperty({
    ...optional,
    format: 'date-time',
    example: '2026-11-28T00:00:00Z',
    description: 'Before this instant.',
  })
  @IsOptional()
  @IsISO8601({ strict: true, strictSeparator: true })
  @MaxLength(35)
  until?: string;

  @ApiProperty({
    ...optional,
    example: 'DEMO/GOV/1001',
    description: 'Member or subsystem, as consumer or as provider.',
  })
  @IsOptional()
  @Matches(PARTY, PARTY_MESSAGE)
  party?: string;

  @ApiProperty({ ...optional, example: 'DEMO/GOV/1000/mygov', description: 'Member or subsystem that asked.' })
  @IsOptional()
  @Matches(PARTY, PARTY_MESSAGE)
  consumer?: string;

  @ApiProperty({ ...optional, example: 'DEMO/GOV/1001/population', description: 'Member or subsystem that was asked.' })
  @IsOptional()
  @Matches(PARTY, PARTY_MESSAGE)
  provider?: string;

  @ApiProperty({ ...optional, example: 'DEMO/GOV/1001/population/persons' })
  @IsOptional()
  @Matches(SERVICE, { message: 'service must be INSTANCE/CLASS/MEMBER/SUBSYSTEM/SERVICE' })
  service?: string;

  @ApiProperty({ ...optional, example: 'exchange.answered', description: 'Type of statement.' })
  @IsOptional()
  @Matches(/^[a-z]{1,30}(\.[a-z-]{1,30})?$/, { message: 'type must be a type of statement, as exchange.answered' })
  type?: string;

  @ApiProperty({ ...optional, enum: ['1', '2', '3', '4', '5'], example: '2', description: 'Class of the HTTP status.' })
  @IsOptional()
  @IsIn(['1', '2', '3', '4', '5'])
  statusClass?: string;

  @ApiProperty({ ...optional, example: 'agency-timeout', description: 'Reason code of a refusal or failure.' })
  @IsOptional()
  @Matches(/^[a-z][a-z-]{0,63}$/, { message: 'reason must be a reason code' })
  reason?: string;

  @ApiProperty({ ...optional, enum: SIDES, description: 'At whose door a failure is laid.' })
  @IsOptional()
  @IsIn(SIDES)
  side?: string;

  @ApiProperty({ ...optional, format: 'uuid', description: 'Exchange id. The only filter of the help desk.' })
  @IsOptional()
  @IsUUID('all')
  exchange?: string;

  @ApiProperty({ ...optional, example: 'citizen-view', description: 'Purpose code; requests carry it.' })
  @IsOptional()
  @Matches(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, { message: 'purpose must be a code of the catalogue' })
  purpose?: string;
}

export class SearchQuery extends LeafFilterQuery {
  @ApiProperty({ ...optional, example: '100', description: '1 to 500 leaves; 100 if absent.' })
  @IsOptional()
  @Matches(/^([1-9][0-9]?|[1-4][0-9]{2}|500)$/, { message: 'limit must be a number from 1 to 500' })
  limit?: string;

  @ApiProperty({ ...optional, description: '`next` of the page before, with the same filters.' })
  @IsOptional()
  @Matches(/^[A-Za-z0-9._-]{1,200}$/, { message: 'cursor must be one that came with a page' })
  cursor?: string;
}

/** Text of the query as the store takes it. */
export function filterOf(query: LeafFilterQuery): LeafFilter {
  const { from, until, exchange, statusClass, party, consumer, provider, service, type, reason, side, purpose } = query;
  const filter = {
    from: from === undefined ? undefined : Date.parse(from),
    until: until === undefined ? undefined : Date.parse(until),
    exchange: exchange?.toLowerCase(),
    statusClass: statusClass === undefined ? undefined : Number(statusClass),
    party,
    consumer,
    provider,
    service,
    type,
    reason,
    side,
    purpose,
  };
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined));
}

export class FoundLeafDto implements FoundLeaf {
  @ApiProperty({ example: 4711 }) index: number;
  @ApiProperty({ example: 'exchange.answered' }) type: string;
  @ApiProperty({ format: 'uuid' }) exchange: string;
  @ApiProperty({ format: 'date-time', description: 'By its maker’s clock; intake held it against the broker’s.' })
  at: string;
  @ApiProperty({ example: 'p1' }) slot: string;
  @ApiProperty({ ...optional, example: 'DEMO/GOV/1001/population' }) signer?: string;
  @ApiProperty({ ...optional, example: 'DEMO/GOV/1000/mygov' }) consumer?: string;
  @ApiProperty({ ...optional, example: 'DEMO/GOV/1001/population' }) provider?: string;
  @ApiProperty({ ...optional, example: 'DEMO/GOV/1001/population/persons' }) service?: string;
  @ApiProperty({ ...optional, example: 'GET /{pin}' }) endpoint?: string;
  @ApiProperty({ ...optional, example: 'citizen-view' }) purpose?: string;
  @ApiProperty({ ...optional, example: 'LB-PORTAL' }) legalBasis?: string;
  @ApiProperty({ ...optional, example: 200 }) status?: number;
  @ApiProperty({ ...optional, example: 'agency-timeout' }) reason?: string;
  @ApiProperty({ ...optional, enum: SIDES }) side?: string;
  @ApiProperty({ ...optional, description: 'Number that the statement carries.' }) count?: number;
  @ApiProperty({ ...optional }) ref?: string;
  @ApiProperty({ ...optional, description: 'Hex SHA-256, as `/leaf?hash=` takes it.' }) leafHash?: string;
}

export class AccessRecordDto implements AccessRecord {
  @ApiProperty({ format: 'uuid' }) id: string;
  @ApiProperty({ example: 4712, description: 'Index of the leaf that records this query.' }) leaf: number;
  @ApiProperty({ example: 'audit.demo.example/DEMO/0/2026h2', description: 'Origin of the window in which it stands.' })
  log: string;
  @ApiProperty({ description: 'base64url; with it the leaf’s `doc` can be shown to be of this query.' }) salt: string;
}

export class SearchPageDto implements SearchPage {
  @ApiProperty({ example: 'audit.demo.example/DEMO/0/2026h2', description: 'Origin of the window that was searched.' })
  log: string;
  @ApiProperty({ type: [FoundLeafDto], description: 'Newest first.' }) leaves: FoundLeafDto[];
  @ApiProperty({ ...optional, description: 'Cursor of the next page; absent on the last.' }) next?: string;
  @ApiProperty({ example: 4712, description: 'Leaves below it could be found; the index follows the log.' })
  indexedTo: number;
  @ApiProperty({ type: AccessRecordDto }) access: AccessRecordDto;
}
