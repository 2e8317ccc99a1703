import { Injectable, type PipeTransform } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { plainToInstance } from 'class-transformer';
import { validate } from 'class-validator';
import { IsIn, IsOptional, Matches } from 'class-validator';
import { CASE_STATES, ownerAct, type CaseState, type OwnerAct } from '#corrections';
import { httpErrors } from '#platform';
import { GivenDto, IS_UUID } from './step.dto.js';

const LISTED = ['open', 'ended', ...CASE_STATES] as const;
const ENDED: readonly CaseState[] = ['CLOSED', 'WITHDRAWN'];

export class OwnerCasesQuery {
  @ApiProperty({ required: false, enum: LISTED, description: '`open`: all that have not ended; absent: all.' })
  @IsOptional()
  @IsIn(LISTED)
  state?: (typeof LISTED)[number];

  @ApiProperty({ required: false, format: 'uuid', description: '`next` of the page before.' })
  @IsOptional()
  @IS_UUID('after')
  after?: string;

  @ApiProperty({ required: false, example: '100', description: '1 to 100; 50 if absent.' })
  @IsOptional()
  @Matches(/^([1-9][0-9]?|100)$/, { message: 'limit must be a number from 1 to 100' })
  limit?: string;
}

export function statesIn(state: OwnerCasesQuery['state']): readonly CaseState[] | undefined {
  if (state === undefined) return undefined;
  if (state === 'ended') return ENDED;
  return state === 'open' ? CASE_STATES.filter((one) => !ENDED.includes(one)) : [state];
}

/** An act as `#corrections` reads it, and beside it what makes it a step. */
export interface OwnerActBody {
  readonly act: OwnerAct;
  readonly given: GivenDto;
}

/** The acts are one list for owners' programs, connectors and feedback, so one schema judges them everywhere. */
@Injectable()
export class OwnerActPipe implements PipeTransform<unknown, Promise<OwnerActBody>> {
  async transform(body: unknown): Promise<OwnerActBody> {
    const { statement, content, ...said } = typeof body === 'object' && body !== null ? (body as GivenDto) : {};
    const act = ownerAct.safeParse(said);
    if (!act.success)
      throw malformed(act.error.issues.map(({ path, message }) => ({ field: path.join('.'), message })));
    const given = plainToInstance(GivenDto, {
      ...(statement === undefined ? {} : { statement }),
      ...(content === undefined ? {} : { content }),
    });
    const problems = await validate(given, { whitelist: true, forbidNonWhitelisted: true });
    if (problems.length > 0)
      throw malformed(problems.map(({ property }) => ({ field: property, message: `${property} is malformed` })));
    return { act: act.data, given };
  }
}

function malformed(problems: readonly { readonly field: string; readonly message: string }[]) {
  return httpErrors.error('request-malformed', { extensions: { problems } });
}
