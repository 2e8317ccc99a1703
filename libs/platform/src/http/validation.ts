import { ValidationPipe, type ValidationError } from '@nestjs/common';
import { httpErrors } from './http.errors.js';

export interface FieldProblem {
  readonly field: string;
  /** The rule's name and text, never the value. */
  readonly message: string;
}

const MAX_PROBLEMS = 50;

/** class-validator at the edge: unknown fields are refused, every problem is named by its field. */
export function createValidationPipe(): ValidationPipe {
  return new ValidationPipe({
    whitelist: true,
    forbidNonWhitelisted: true,
    transform: true,
    forbidUnknownValues: true,
    validationError: { target: false, value: false },
    exceptionFactory: (errors) =>
      httpErrors.error('request-malformed', { extensions: { problems: fieldProblems(errors).slice(0, MAX_PROBLEMS) } }),
  });
}

function fieldProblems(errors: readonly ValidationError[], prefix = ''): FieldProblem[] {
  return errors.flatMap((error) => {
    const field = prefix === '' ? error.property : `${prefix}.${error.property}`;
    const own = Object.values(error.constraints ?? {}).map((message) => ({ field, message }));
    return [...own, ...fieldProblems(error.children ?? [], field)];
  });
}
