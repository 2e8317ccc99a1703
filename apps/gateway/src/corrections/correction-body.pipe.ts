import { isHashable } from '#corrections';
import { JsonForm, namedProblems, parseJsonBody, type FormProblem } from '../json-form.pipe.js';
import { CorrectionDto, InfoDto } from './correction.dto.js';
import { gatewayCorrectionErrors } from './corrections.errors.js';

type JsonObject = Readonly<Record<string, unknown>>;

const correctionForm = new JsonForm(CorrectionDto, (problems) => malformed(problems));
const infoForm = new JsonForm(InfoDto, (problems) => malformed(problems));

/** A request, and the JSON that it was read from; throws `correction-malformed` with a pointer to all that is wrong. */
export async function readCorrection(
  body: Buffer,
): Promise<{ readonly form: CorrectionDto; readonly json: JsonObject }> {
  const json = parseObject(body);
  return { form: await correctionForm.read(json), json };
}

/** An answer to the owner's question, likewise. */
export async function readInfo(body: Buffer): Promise<{ readonly form: InfoDto; readonly json: JsonObject }> {
  const json = parseObject(body);
  return { form: await infoForm.read(json), json };
}

/** Of what takes no words: an empty object, so that nobody believes that theirs were read. */
export function readNothing(body: Buffer): void {
  const [name] = Object.keys(parseObject(body));
  if (name !== undefined) throw malformed([{ pointer: '#', message: 'nothing is said here' }]);
}

export function malformed(problems: readonly FormProblem[], cause?: unknown) {
  return gatewayCorrectionErrors.error('correction-malformed', { cause, extensions: namedProblems(problems) });
}

function parseObject(body: Buffer): JsonObject {
  const json = parseJsonBody(body, malformed);
  // The validator reads by calling itself: whatever is too deep for it must not get there.
  if (typeof json !== 'object' || json === null || Array.isArray(json) || !isHashable(json))
    throw malformed([{ pointer: '#', message: 'not an object, or deeper than one of these can be' }]);
  return json as JsonObject;
}
