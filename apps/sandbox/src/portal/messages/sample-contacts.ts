import { hmacSha256 } from '#signing';
import { everybody } from '../../identity-provider/person.js';

/** Where somebody of the sandbox is reached. The domain is reserved, and the numbers reach nobody. */
export interface SampleContact {
  readonly email: string;
  readonly sms: string;
}

/**
 * The name by which this portal lets feedback speak of a person: made with its own secret, so that it tells nobody who it
 * is, and is the same after a restart.
 */
export function handleOf(secret: Uint8Array, subject: string): string {
  return hmacSha256(secret, Buffer.from(`sandbox-handle\0${subject}`)).toString('base64url');
}

/** `COUNTRY/TYPE/CODE` of nobody but the citizens of the sandbox; undefined: nobody has that name. */
export function subjectOf(secret: Uint8Array, handle: string): string | undefined {
  return everybody('citizen')
    .map(({ code }) => `DEMO/PIN/${code}`)
    .find((subject) => handleOf(secret, subject) === handle);
}

export function contactOf(subject: string): SampleContact {
  const code = subject.slice(subject.lastIndexOf('/') + 1);
  return { email: `${code.toLowerCase()}@mail.demo.example`, sms: `+99400${code.slice(-6)}0` };
}
