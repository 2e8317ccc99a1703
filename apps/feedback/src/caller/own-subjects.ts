import { spelled, type TypedSubject } from '#signing';
import { callerErrors } from './caller.errors.js';
import type { Caller } from './caller-auth.service.js';

/** Of whom a caller may see anything: themselves and whom they represent, or the one of them who is `wanted`. */
export function ownSubjects({ person }: Caller, wanted: string | undefined): TypedSubject[] {
  const own = [person.user, ...person.represents];
  if (wanted === undefined) return [...new Map(own.map((subject) => [spelled(subject), subject])).values()];
  const subject = own.find((known) => spelled(known) === wanted);
  if (subject === undefined) throw callerErrors.error('subject-not-yours');
  return [subject];
}
