import type { SubsystemId } from '#kernel';
import type { TypedSubject } from '#signing';

/** Of an instance whose name is no country that a subject can have; no country has this code. */
const NO_COUNTRY = 'ZZ';

/**
 * Whom a mass correction (`corrections.md` §7) is about: nobody, under a name that is made of the case's own. So its first
 * leaf commits to a subject as every other one does, and no person's history can ever hold it.
 */
export function massSubject(owner: SubsystemId, correctionId: string): TypedSubject {
  const [instance = ''] = owner.split('/');
  const country = /^[A-Z]{2,8}$/.test(instance) ? instance : NO_COUNTRY;
  return { country, type: 'MASS', code: correctionId.toUpperCase() };
}
