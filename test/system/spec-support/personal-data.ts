import { citizen, CITIZENS, pinOf } from '../../../apps/sandbox/src/agencies/citizen.js';
import { propertiesOf } from '../../../apps/sandbox/src/agencies/cadastre/property.js';

/** Everything by which a synthetic person could be recognised. */
function traces(): string[] {
  const found = new Set<string>(['Invented Street', 'Contradiction Lane', 'Testzade']);
  for (let number = 1; number <= CITIZENS; number += 1) {
    const person = citizen(pinOf(number));
    if (person === undefined) continue;
    const { pin, givenName, familyName, birthDate, address } = person;
    for (const text of [pin, givenName, familyName, birthDate, address.street, address.postalCode]) found.add(text);
    for (const property of propertiesOf(pin) ?? []) found.add(property.id);
  }
  return [...found];
}

/** How a text looks inside a longer one that was written in base64, at each of the three places where it may begin. */
function base64Forms(text: string): string[] {
  return [0, 1, 2].map((shift) => {
    const encoded = Buffer.from('\0'.repeat(shift) + text).toString('base64url');
    // The first and the last characters depend on the neighbours.
    return encoded.slice(shift === 0 ? 0 : shift + 1, -2);
  });
}

/** PINs in every costume; other traces plain and percent-encoded. */
const PLAIN = traces();
const COSTUMES = ['TEST0000', 'TEST0001'].flatMap((text) => [
  ...base64Forms(text).filter((form) => form.length >= 7),
  Buffer.from(text).toString('hex'),
]);
const PATTERN = new RegExp(
  [...PLAIN.flatMap((text) => [text, encodeURIComponent(text)]), ...COSTUMES]
    .map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('|'),
);

/** The first trace of a synthetic person in what was written, with what stands around it; undefined if there is none. */
export function personalDataIn(text: string): string | undefined {
  const found = PATTERN.exec(text);
  return found === null ? undefined : text.slice(Math.max(0, found.index - 60), found.index + 60);
}
