import { JsonForm, namedProblems, parseJsonBody } from '../json-form.pipe.js';
import { isModest, problemsOf, type Composition, type CompositionProblem } from './composition.js';
import { CompositionDto } from './composition.dto.js';
import { compositionErrors } from './composition.errors.js';

const form = new JsonForm(CompositionDto, (problems) => malformed(problems));

/** The composition that a body holds; throws `composition-malformed` with a pointer to everything that is wrong. */
export async function readComposition(body: Buffer): Promise<Composition> {
  const value = parseJsonBody(body, malformed);
  if (!isModest(value)) throw malformed([{ pointer: '#', message: 'deeper or wider than a composition can be' }]);
  const composition = await form.read(value);
  const problems = problemsOf(composition);
  if (problems.length > 0) throw malformed(problems);
  return composition;
}

function malformed(problems: readonly CompositionProblem[], cause?: unknown) {
  return compositionErrors.error('composition-malformed', { cause, extensions: namedProblems(problems) });
}
