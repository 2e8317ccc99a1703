import { applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiProperty, ApiResponse } from '@nestjs/swagger';
import { statusOf, type ErrorEntry } from '#kernel';
import type { Problem } from '#platform';
import { callerErrors } from '../caller/caller.errors.js';
import { questionErrors } from './questions.errors.js';

/** RFC 9457, as every error of this API comes. */
export class ProblemDto implements Pick<Problem, 'type' | 'title' | 'status' | 'detail' | 'code' | 'next'> {
  @ApiProperty({ example: 'urn:kerege:error:question-open' }) type: string;
  @ApiProperty({ example: 'Conflict' }) title: string;
  @ApiProperty({ example: 409 }) status: number;
  @ApiProperty({ example: questionErrors.entries['question-open'].message }) detail: string;
  @ApiProperty({ example: 'question-open', description: 'One of docs/errors.md.' }) code: string;
  @ApiProperty({ example: questionErrors.entries['question-open'].next }) next: string;
}

type Code = keyof typeof questionErrors.entries | keyof typeof callerErrors.entries;
const ENTRIES: Readonly<Record<string, ErrorEntry>> = { ...callerErrors.entries, ...questionErrors.entries };
const content = { 'application/problem+json': { schema: { $ref: '#/components/schemas/ProblemDto' } } };

/** The problems of an operation by their codes, each under its status; `request-malformed` is everybody's. */
export function ProblemCodes(...codes: readonly Code[]): MethodDecorator {
  const byStatus = Map.groupBy(['request-malformed', ...codes], (code) => {
    const entry = ENTRIES[code];
    return entry === undefined ? 400 : statusOf(entry);
  });
  return applyDecorators(
    ApiExtraModels(ProblemDto),
    ...[...byStatus].map(([status, own]) =>
      ApiResponse({ status, description: own.map((code) => `\`${code}\``).join(', '), content }),
    ),
  );
}
