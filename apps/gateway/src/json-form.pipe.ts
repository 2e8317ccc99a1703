import { ValidationPipe, type Type, type ValidationError } from '@nestjs/common';
import type { AppError } from '#kernel';

/** What is wrong with a body, and where: a JSON pointer in a fragment. */
export interface FormProblem {
  readonly pointer: string;
  readonly message: string;
}

const MAX_PROBLEMS = 50;

/** The first of them, as a problem document names them. */
export function namedProblems(problems: readonly FormProblem[]) {
  return { problems: problems.slice(0, MAX_PROBLEMS) };
}

/** UTF-8 JSON, or what `malformed` makes of it. */
export function parseJsonBody(body: Buffer, malformed: (problems: FormProblem[], cause: unknown) => AppError): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch (cause) {
    throw malformed([{ pointer: '#', message: 'not UTF-8 JSON' }], cause);
  }
}

/** Reads bodies that are not Nest's to parse by the rules of their class; unknown fields are refused. */
export class JsonForm<Form extends object> {
  private readonly pipe: ValidationPipe;

  constructor(
    private readonly form: Type<Form>,
    malformed: (problems: FormProblem[]) => AppError,
  ) {
    this.pipe = new ValidationPipe({
      whitelist: true,
      forbidNonWhitelisted: true,
      transform: true,
      forbidUnknownValues: true,
      validationError: { target: false, value: false },
      exceptionFactory: (errors) => malformed(fieldProblems(errors)),
    });
  }

  async read(json: unknown): Promise<Form> {
    return (await this.pipe.transform(json, { type: 'body', metatype: this.form })) as Form;
  }
}

function fieldProblems(errors: readonly ValidationError[], above = '#'): FormProblem[] {
  return errors.flatMap(({ property, constraints = {}, children = [] }) => {
    const pointer = `${above}/${encodeURIComponent(property.replaceAll('~', '~0').replaceAll('/', '~1'))}`;
    return [
      ...Object.values(constraints).map((message) => ({ pointer, message })),
      ...fieldProblems(children, pointer),
    ];
  });
}
