import { ValidationPipe, type Type, type ValidationError } from '@nestjs/common';
import { isHashable } from '#corrections';
import { gatewayCorrectionErrors } from './corrections.errors.js';

export interface BodyProblem {
  readonly pointer: string;
  readonly message: string;
}

const MAX_PROBLEMS = 50;

const pipe = new ValidationPipe({
  whitelist: true,
  forbidNonWhitelisted: true,
  transform: true,
  forbidUnknownValues: true,
  validationError: { target: false, value: false },
  exceptionFactory: (errors) => malformed(fieldProblems(errors)),
});

/** What a body says, and the JSON that it was read from; throws `correction-malformed` with a pointer to all that is wrong. */
export async function readForm<Form extends object>(
  body: Buffer,
  form: Type<Form>,
): Promise<{ readonly form: Form; readonly json: Readonly<Record<string, unknown>> }> {
  const json = parseObject(body);
  const read = (await pipe.transform(json, { type: 'body', metatype: form })) as Form;
  return { form: read, json };
}

/** Of what takes no words: an empty object, so that nobody believes that theirs were read. */
export function readNothing(body: Buffer): void {
  const [name] = Object.keys(parseObject(body));
  if (name !== undefined) throw malformed([{ pointer: '#', message: 'nothing is said here' }]);
}

export function malformed(problems: readonly BodyProblem[], cause?: unknown) {
  const extensions = { problems: problems.slice(0, MAX_PROBLEMS) };
  return gatewayCorrectionErrors.error('correction-malformed', { cause, extensions });
}

function parseObject(body: Buffer): Readonly<Record<string, unknown>> {
  const json = parseJson(body);
  // The validator reads by calling itself: whatever is too deep for it must not get there.
  if (typeof json !== 'object' || json === null || Array.isArray(json) || !isHashable(json))
    throw malformed([{ pointer: '#', message: 'not an object, or deeper than one of these can be' }]);
  return json as Readonly<Record<string, unknown>>;
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch (cause) {
    throw malformed([{ pointer: '#', message: 'not UTF-8 JSON' }], cause);
  }
}

function fieldProblems(errors: readonly ValidationError[], above = '#'): BodyProblem[] {
  return errors.flatMap(({ property, constraints = {}, children = [] }) => {
    const pointer = `${above}/${encodeURIComponent(property.replaceAll('~', '~0').replaceAll('/', '~1'))}`;
    return [
      ...Object.values(constraints).map((message) => ({ pointer, message })),
      ...fieldProblems(children, pointer),
    ];
  });
}
