import { applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiHeader, ApiProperty, ApiResponse } from '@nestjs/swagger';
import { statusOf, type ErrorEntry } from '#kernel';
import type { Problem } from '#platform';
import { accessHistoryErrors } from './access-history/access-history.errors.js';
import { callerErrors } from './caller/caller.errors.js';
import { completenessErrors } from './completeness/completeness.errors.js';
import { compromiseErrors } from './compromise/compromise.errors.js';
import { concealmentErrors } from './concealment/concealment.errors.js';
import { correctionErrors } from './corrections/corrections.errors.js';
import { erasureErrors } from './erasure/erasure.errors.js';
import { linksErrors } from './links/links.errors.js';
import { notificationErrors } from './notifications/notifications.errors.js';
import { questionErrors } from './questions/questions.errors.js';
import { ownStatementErrors } from './statements/own-statements.errors.js';
import { usageErrors } from './usage/usage.errors.js';

/** RFC 9457, as every error of this API comes. */
export class ProblemDto implements Pick<Problem, 'type' | 'title' | 'status' | 'detail' | 'code' | 'next'> {
  @ApiProperty({ example: 'urn:kerege:error:question-open' }) type: string;
  @ApiProperty({ example: 'Conflict' }) title: string;
  @ApiProperty({ example: 409 }) status: number;
  @ApiProperty({ example: questionErrors.entries['question-open'].message }) detail: string;
  @ApiProperty({ example: 'question-open', description: 'One of docs/errors.md.' }) code: string;
  @ApiProperty({ example: questionErrors.entries['question-open'].next }) next: string;
}

const ENTRIES = {
  ...accessHistoryErrors.entries,
  ...callerErrors.entries,
  ...completenessErrors.entries,
  ...compromiseErrors.entries,
  ...concealmentErrors.entries,
  ...correctionErrors.entries,
  ...erasureErrors.entries,
  ...linksErrors.entries,
  ...notificationErrors.entries,
  ...ownStatementErrors.entries,
  ...questionErrors.entries,
  ...usageErrors.entries,
};
type Code = keyof typeof ENTRIES;

/** Whatever asks with a token of a subsystem. */
export const MEMBER_CODES = [
  'caller-token-missing',
  'caller-token-invalid',
  'caller-token-used',
  'caller-floods',
  'registry-unread',
] as const satisfies readonly Code[];
/** Whatever asks for a person, through a portal. */
export const PERSON_CODES = [
  ...MEMBER_CODES,
  'caller-not-portal',
  'end-user-missing',
  'end-user-invalid',
  'end-user-not-citizen',
] as const satisfies readonly Code[];

const content = { 'application/problem+json': { schema: { $ref: '#/components/schemas/ProblemDto' } } };

/** The problems of an operation by their codes, each under its status; `request-malformed` is everybody's. */
export function ProblemCodes(...codes: readonly Code[]): MethodDecorator {
  const byStatus = Map.groupBy<number, string>(['request-malformed', ...codes], (code) => {
    const entry = (ENTRIES as Readonly<Record<string, ErrorEntry>>)[code];
    return entry === undefined ? 400 : statusOf(entry);
  });
  return applyDecorators(
    ApiExtraModels(ProblemDto),
    ...[...byStatus].map(([status, own]) =>
      ApiResponse({ status, description: own.map((code) => `\`${code}\``).join(', '), content }),
    ),
  );
}

/** The assertion beside the portal's token, for every operation of a person. */
export function ApiEndUser(): MethodDecorator & ClassDecorator {
  return ApiHeader({
    name: 'Kerege-End-User',
    required: true,
    description:
      'Assertion of the person’s sign-in, made for the portal by an issuer of the registry; mandates may follow, each after “~”.',
  });
}
