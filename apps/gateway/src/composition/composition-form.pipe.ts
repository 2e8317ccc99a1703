import { ValidationPipe, type ValidationError } from '@nestjs/common';
import { isModest, problemsOf, type Composition, type CompositionProblem } from './composition.js';
import { CompositionDto } from './composition.dto.js';
import { compositionErrors } from './composition.errors.js';

const MAX_PROBLEMS = 50;

const pipe = new ValidationPipe({
  whitelist: true,
  forbidNonWhitelisted: true,
  transform: true,
  forbidUnknownValues: true,
  validationError: { target: false, value: false },
  exceptionFactory: (errors) => malformed(fieldProblems(errors)),
});

/** The composition that a body holds; throws `composition-malformed` with a pointer to everything that is wrong. */
export async function readComposition(body: Buffer): Promise<Composition> {
  const value = parseJson(body);
  if (!isModest(value)) throw malformed([{ pointer: '#', message: 'deeper or wider than a composition can be' }]);
  const composition = (await pipe.transform(value, { type: 'body', metatype: CompositionDto })) as CompositionDto;
  const problems = problemsOf(composition);
  if (problems.length > 0) throw malformed(problems);
  return composition;
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch (cause) {
    throw malformed([{ pointer: '#', message: 'not UTF-8 JSON' }], cause);
  }
}

function malformed(problems: readonly CompositionProblem[], cause?: unknown) {
  return compositionErrors.error('composition-malformed', {
    cause,
    extensions: { problems: problems.slice(0, MAX_PROBLEMS) },
  });
}

function fieldProblems(errors: readonly ValidationError[], above = '#'): CompositionProblem[] {
  return errors.flatMap(({ property, constraints = {}, children = [] }) => {
    const pointer = `${above}/${encodeURIComponent(property.replaceAll('~', '~0').replaceAll('/', '~1'))}`;
    return [
      ...Object.values(constraints).map((message) => ({ pointer, message })),
      ...fieldProblems(children, pointer),
    ];
  });
}
