import { applyDecorators } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiExtraModels,
  ApiProperty,
  ApiServiceUnavailableResponse,
  ApiUnauthorizedResponse,
} from '@nestjs/swagger';
import type { Problem } from '#platform';

/** RFC 9457, as every error of this API comes. */
export class ProblemDto implements Pick<Problem, 'type' | 'title' | 'status' | 'detail' | 'code' | 'next'> {
  @ApiProperty({ example: 'urn:kerege:error:cursor-invalid' }) type: string;
  @ApiProperty({ example: 'Bad Request' }) title: string;
  @ApiProperty({ example: 400 }) status: number;
  @ApiProperty({ description: 'What is wrong.' }) detail: string;
  @ApiProperty({ example: 'cursor-invalid', description: 'One of docs/errors.md.' }) code: string;
  @ApiProperty({ description: 'What to do next.' }) next: string;
}

const content = { 'application/problem+json': { schema: { $ref: '#/components/schemas/ProblemDto' } } };

/** The errors of every operation of the read API, with the codes of its own that a 400 may have. */
export function ProblemAnswers(...badRequests: readonly string[]): MethodDecorator {
  const codes = badRequests.map((code) => `\`${code}\``).join(', ');
  return applyDecorators(
    ApiExtraModels(ProblemDto),
    ApiBadRequestResponse({ description: codes, content }),
    ApiUnauthorizedResponse({
      description: '`reader-token-missing`, `reader-token-invalid`, `reader-token-expired`, `reader-token-used`',
      content,
    }),
    ApiServiceUnavailableResponse({
      description: '`access-unrecorded`: the log did not take the record of the query, so nothing is answered.',
      content,
    }),
  );
}
