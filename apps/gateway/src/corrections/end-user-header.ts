import { MAX_PRESENTATION_CHARACTERS } from '#end-user';
import { headerFields } from '../consumer-auth/header-fields.js';
import { gatewayCorrectionErrors } from './corrections.errors.js';

const PRINTABLE = /^[\x21-\x7e]+$/;

/** The one assertion that a request brings, with its mandates; whether it is believed says feedback, which has to know anyway. */
export function endUserOf(rawHeaders: readonly string[]): string {
  const [assertion, ...others] = headerFields(rawHeaders).filter(({ name }) => /^kerege-end-user$/i.test(name));
  const text = assertion?.value.trim() ?? '';
  if (others.length > 0 || text.length > MAX_PRESENTATION_CHARACTERS || !PRINTABLE.test(text))
    throw gatewayCorrectionErrors.error('correction-person-missing');
  return text;
}
