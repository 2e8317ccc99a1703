import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsDefined,
  IsISO8601,
  IsIn,
  IsInt,
  IsOptional,
  Matches,
  Max,
  Min,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import { CASE_STATES, ownerAct, ownWords, type OwnerAct, type OwnerActName } from '#corrections';
import { httpErrors } from '#platform';
import { RECIPIENT_ACTIONS, RECIPIENT_REASONS, type RecipientAction, type RecipientReason } from '#signing';
import { completed, type WordedAnswer } from './owner-corrections.service.js';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const LISTED = ['open', 'ended', ...CASE_STATES] as const;

export class CorrectionPath {
  @ApiProperty({ format: 'uuid' }) @Matches(UUID, { message: 'id must be a UUID' }) id: string;
}

export class CorrectionsQuery {
  @ApiProperty({ required: false, enum: LISTED, description: '`open` if absent.' })
  @IsOptional()
  @IsIn(LISTED)
  state?: (typeof LISTED)[number];

  @ApiProperty({ required: false, format: 'uuid', description: '`next` of the page before.' })
  @IsOptional()
  @Matches(UUID, { message: 'after must be a UUID' })
  after?: string;
}

class NewValueDto {
  @ApiProperty({ example: 0, description: 'Place in the items of the case.' }) @IsInt() @Min(0) @Max(19) item: number;
  @ApiProperty({
    type: Object,
    nullable: true,
    description: 'As the register holds it now, JSON; null: nothing. Only its digest leaves.',
  })
  @ValidateIf(({ value }: NewValueDto) => value !== null)
  @IsDefined()
  value: unknown;
}

export class CorrectedBody {
  @ApiProperty({ type: [NewValueDto] })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(20)
  @ValidateNested({ each: true })
  @Type(() => NewValueDto)
  values: NewValueDto[];

  @ApiProperty({ format: 'date', example: '2026-01-31' })
  @IsISO8601({ strict: true })
  @Matches(/^\d{4}-\d{2}-\d{2}$/, { message: 'effectiveFrom must be a date' })
  effectiveFrom: string;
}

export class AcknowledgementBody {
  @ApiProperty({ enum: RECIPIENT_ACTIONS }) @IsIn(RECIPIENT_ACTIONS) action: RecipientAction;
  @ApiProperty({ required: false, enum: RECIPIENT_REASONS, description: 'Of a refusal.' })
  @IsOptional()
  @IsIn(RECIPIENT_REASONS)
  reason?: RecipientReason;
}

/** The act that a body says, judged by the schema by which feedback judges it. Throws `request-malformed`. */
export function actIn<Name extends OwnerActName>(name: Name, body: unknown): Extract<OwnerAct, { act: Name }> {
  const said = typeof body === 'object' && body !== null && !Array.isArray(body) ? body : {};
  const act = ownerAct.safeParse(completed(name, said));
  if (act.success) return act.data as Extract<OwnerAct, { act: Name }>;
  throw malformed(act.error.issues);
}

/** The same with `ownWords`, plain text for the person. Throws `request-malformed`. */
export function wordedIn(name: 'request-info' | 'decide', body: unknown): WordedAnswer {
  const { ownWords: text, ...said } = typeof body === 'object' && body !== null ? (body as { ownWords?: unknown }) : {};
  const act = actIn(name, said);
  if (text === undefined) return { act, ownWords: undefined };
  const read = ownWords.safeParse(text);
  if (!read.success) throw malformed(read.error.issues.map(({ message }) => ({ path: ['ownWords'], message })));
  return { act, ownWords: read.data };
}

function malformed(issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[]) {
  const problems = issues.map(({ path, message }) => ({ field: path.map(String).join('.'), message }));
  return httpErrors.error('request-malformed', { extensions: { problems } });
}
