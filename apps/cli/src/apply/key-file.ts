import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { generateSealingKey, generateSigningKey, type PrivateJwk, type TokenKey } from '#signing';
import type { InstanceDefinition, PublishedKey } from '#snapshot';

type NewKey = (PrivateJwk & { readonly nbf: number; readonly exp: number }) | { kty: 'oct'; k: string; kid: string };

/** Identifiers that must have keys, with the making of those that do not. */
export interface NeededKeys {
  readonly identifier: string;
  readonly make: (nowMs: number) => readonly NewKey[];
}

/** Of those the ones that one member answers for: itself, its subsystems, the instances that it runs. */
export function keysOfMember(definition: InstanceDefinition, member: string): NeededKeys[] {
  const { instance, instances } = definition;
  const own = `${instance}/${member}`;
  const run = new Set(instances.filter(({ runBy }) => runBy === member).map(({ id }) => `${instance}/${id}`));
  return neededKeys(definition).filter(
    ({ identifier }) => identifier === own || identifier.startsWith(`${own}/`) || run.has(identifier),
  );
}

const TEN_YEARS_S = 10 * 365 * 86_400;
/** Clocks may differ; a key is not valid from the very second. */
const MARGIN_S = 600;

/** Whose keys a definition needs: members to sign documents, subsystems to sign and to open, instances to sign. */
export function neededKeys({ instance, members, instances }: InstanceDefinition): NeededKeys[] {
  const sign = (nowMs: number) => [dated(generateSigningKey(), nowMs)];
  const signAndSeal = (nowMs: number) => [...sign(nowMs), dated(generateSealingKey(), nowMs)];
  const fingerprint = () => ({ kty: 'oct' as const, k: randomBytes(32).toString('base64url'), kid: 'fingerprint' });
  return [
    ...members.flatMap((member) => [
      { identifier: `${instance}/${member.id}`, make: sign },
      ...member.subsystems.map(({ code }) => ({ identifier: `${instance}/${member.id}/${code}`, make: signAndSeal })),
    ]),
    ...instances
      .filter((entry) => entry.kind !== 'connector')
      .map((entry) => ({
        identifier: `${instance}/${entry.id}`,
        make: entry.kind === 'gateway' ? (nowMs: number) => [...sign(nowMs), fingerprint()] : sign,
      })),
  ];
}

/** With its validity, in seconds: a key file says itself how long its keys are valid. */
export function dated<Key extends PrivateJwk | TokenKey>(
  key: Key,
  nowMs: number,
): Key & { readonly nbf: number; readonly exp: number } {
  const nbf = Math.floor(nowMs / 1000) - MARGIN_S;
  return { ...key, nbf, exp: nbf + TEN_YEARS_S };
}

const keyDates = z.object({
  keys: z.array(
    z.object({ kid: z.string().optional(), nbf: z.number().int().optional(), exp: z.number().int().optional() }),
  ),
});

/**
 * When a key file without dates says its keys are valid. Fixed, not "from now on": the same file must give the same
 * document each time, or every `apply` would be a change.
 */
const ALWAYS = { from: '2026-01-01T00:00:00Z', until: '2037-01-01T00:00:00Z' };

/** Validity of each key of a file, by kid, from its `nbf` and `exp`. */
export function validityOf(keySetText: string): (kid: string) => Pick<PublishedKey, 'from' | 'until'> {
  const parsed = keyDates.safeParse(JSON.parse(keySetText));
  const keys = parsed.success ? parsed.data.keys : [];
  return (kid) => {
    const { nbf, exp } = keys.find((key) => key.kid === kid) ?? {};
    return {
      from: nbf === undefined ? ALWAYS.from : instant(nbf),
      until: exp === undefined ? ALWAYS.until : instant(exp),
    };
  };
}

function instant(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
}
