import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { makeReaderToken } from '#reader-auth';
import { keyFileName, type PrivateJwk } from '#signing';
import { eventually } from '#testing';
import type { Instance } from '../../../apps/sandbox/src/instance/instance.js';
import {
  BENEFITS,
  call,
  CLINIC,
  exchangeIdOf,
  MYGOV,
  PERSONS,
  signIn,
} from '../../system/spec-support/bus-under-test.js';

export const OWNER = 'DEMO/GOV/1001/population';
/** Who gets each wrong date of birth: the portal by itself, the others for their work. */
export const RECIPIENTS = [MYGOV, BENEFITS, CLINIC] as const;
/** Answers with the wrong date as well, from a copy of its own. */
export const NEXT_OWNER = BENEFITS;
export const RIGHT = '2001-08-22';

/** What an actor is told of an act. */
export interface Told {
  /** Undefined: nothing, the connection broke or was refused. */
  readonly status: number | undefined;
  readonly code: string | undefined;
  /** The word of docs/corrections.md. */
  readonly refusal: string | undefined;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface Person {
  readonly code: string;
  readonly subject: string;
  readonly correctionId: string;
  readonly exchangeId: string;
  /** In whose answer it was seen. */
  readonly service: string;
  readonly endUser: string;
  /** As it was shown to them. */
  readonly doubted: string;
}

const PATIENCE_MS = 15_000;

/** Everybody who does anything in a case, each over the process that is theirs. */
export class Actors {
  private readonly keys = new Map<string, PrivateJwk>();

  constructor(private readonly instance: Instance) {}

  /** Somebody whose date of birth everybody was shown, signed in at the portal. */
  async person(code: string, correctionId: string, service = PERSONS): Promise<Person> {
    const endUser = (await signIn(this.instance, code, MYGOV)).output.trim();
    const looks = [
      [BENEFITS, 'benefit-decision', PERSONS],
      [CLINIC, 'treatment', PERSONS],
      [MYGOV, 'citizen-view', service],
    ] as const;
    let seen = { exchangeId: '', doubted: '' };
    for (const [client, purpose, shownBy] of looks) {
      const answer = await eventually(
        async () => {
          const said = await call(this.instance, { target: `${shownBy}/${code}`, client, purpose });
          return said.status === 200 ? said : undefined;
        },
        { timeoutMs: 30_000, intervalMs: 250 },
      );
      const { birthDate } = JSON.parse(answer.text) as { birthDate: string };
      seen = { exchangeId: exchangeIdOf(answer), doubted: birthDate };
    }
    return { code, subject: `DEMO/PIN/${code}`, correctionId, service, endUser, ...seen };
  }

  /** Through the portal's gateway, the same form each time. */
  file(person: Person): Promise<Told> {
    const { correctionId, exchangeId, service, subject, code, doubted } = person;
    return this.portal(person, '', {
      ...{ correctionId, kind: 'ERROR', service, endpoint: 'GET /{pin}', language: 'az' },
      ...{ exchangeId, subject, recheck: { path: `/${code}` } },
      items: [{ element: 'person.birth-date', pointer: '/birthDate', doubted, proposed: RIGHT }],
    });
  }

  /** `info`, `withdraw` or `appeal`. */
  inCase(person: Person, act: string, said: object = {}): Promise<Told> {
    return this.portal(person, `/${person.correctionId}/${act}`, said);
  }

  /** As the register's own system, over its connector. */
  owner(person: Person, act: string, said: object = {}, connector = this.connector('cn1')): Promise<Told> {
    return this.ask(connector, OWNER, `/v1/corrections/${person.correctionId}/${act}`, said);
  }

  /** The same as the system of who was handed the case. */
  nextOwner(person: Person, act: string, said: object = {}): Promise<Told> {
    return this.ask(this.connector('cn2'), NEXT_OWNER, `/v1/corrections/${person.correctionId}/${act}`, said);
  }

  /** As a member's own system, over its connector. */
  acknowledge(member: string, noticeId: string): Promise<Told> {
    const path = `/v1/corrections/notices/${noticeId}/acknowledgement`;
    return this.ask(this.connector('cn2'), member, path, { action: 'APPLIED' });
  }

  /** The clerk enters what is right into the register. */
  async enter({ code: pin }: Person): Promise<void> {
    await fetch(`${this.instance.agencies.population}/_sandbox/birth-dates`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ pin, birthDate: RIGHT }),
    });
  }

  /** The mark on an answer that shows the datum to a member; undefined: the datum was not shown, null: without a mark. */
  async mark({ code }: Person): Promise<string | null | undefined> {
    const target = `${PERSONS}/${code}`;
    const { status, headers } = await call(this.instance, { target, client: BENEFITS, purpose: 'benefit-decision' });
    return status === 200 ? headers.get('kerege-disputed') : undefined;
  }

  connector(name: 'cn1' | 'cn2'): string {
    return `http://127.0.0.1:${this.instance.ports[name]}`;
  }

  private portal({ endUser }: Person, path: string, said: object): Promise<Told> {
    const headers = { 'x-road-client': MYGOV, 'kerege-end-user': endUser };
    return post(`${this.instance.gatewayUrl}/v1/corrections${path}`, headers, said);
  }

  private async ask(url: string, subsystem: string, path: string, said: object): Promise<Told> {
    const key = await this.keyOf(subsystem);
    const token = await makeReaderToken({ subsystem, audience: this.audienceOf(url), key, nowMs: Date.now() });
    return post(`${url}${path}`, { authorization: `Bearer ${token}` }, said);
  }

  /** Of two connectors under one identity both answer to its name. */
  private audienceOf(url: string): string {
    return url === this.connector('cn2') ? url : this.connector('cn1');
  }

  private async keyOf(subsystem: string): Promise<PrivateJwk> {
    const known = this.keys.get(subsystem);
    if (known !== undefined) return known;
    const file = join(this.instance.keysDir, keyFileName(subsystem));
    const read = JSON.parse(await readFile(file, 'utf8')) as PrivateJwk | { readonly keys: readonly PrivateJwk[] };
    const key = ('keys' in read ? (read.keys.find(({ use }) => use === 'sig') ?? read.keys[0]) : read) as PrivateJwk;
    this.keys.set(subsystem, key);
    return key;
  }
}

async function post(url: string, headers: Readonly<Record<string, string>>, said: object): Promise<Told> {
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify(said),
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const text = await answer.text();
    const body = JSON.parse(text === '' ? '{}' : text) as Record<string, unknown>;
    const word = (name: string) => (typeof body[name] === 'string' ? body[name] : undefined);
    return { status: answer.status, code: word('code'), refusal: word('refusal'), body };
  } catch {
    // It died under the call, or before: the actor does not know which.
    await delay(100);
    return { status: undefined, code: undefined, refusal: undefined, body: {} };
  }
}
