import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { correctionTopic, fixedTopics } from '#contracts';
import { outlineOf } from '#corrections';
import { newExchangeId } from '#kernel';
import type { Database } from '#postgres';
import { parseStatement } from '#signing';
import { eventually } from '#testing';
import { CaseActors, receivedBy, salt } from './case-actors.js';
import { CaseWalk } from './case-walk.js';
import { Correcting } from './correcting.js';
import { ADDRESS, BIRTH, BIRTH_ITEM, OTHER_OWNER, OWNER, PORTAL, PROPERTY, RECIPIENT } from './filing.js';

jest.setTimeout(180_000);

const PLACE = { service: 'TEST/GOV/1001/population/persons', endpoint: 'GET /{pin}', language: 'en' };

let actors: CaseActors;
beforeAll(async () => {
  actors = await CaseActors.create();
});
afterAll(() => actors.close());

describe('a request is refused', () => {
  it('about somebody else’s exchange, and about somebody else', async () => {
    const [code, other] = [actors.somebody(), actors.somebody()];
    const exchangeId = await actors.filing.seen(other);
    const foreign = await actors.filing.file({ code, exchangeId });
    expect([foreign.said.status, foreign.said.body['refusal']]).toEqual([409, 'exchange-foreign']);
    const subject = await actors.filing.file({ code, exchangeId, changes: { subject: `TEST/PIN/${other}` } });
    expect(subject.said.body['code']).toBe('subject-not-yours');
  });

  it('of an element that the answer has not', async () => {
    const items = [{ element: 'person.shoe-size', pointer: '/shoes', doubted: 1 }];
    const code = actors.somebody();
    const exchangeId = await actors.filing.seen(code);
    const { said } = await actors.filing.file({ code, exchangeId, items });
    expect(said.body['refusal']).toBe('element-unknown');
  });

  it('under an unknown profile, and for two owners at once', async () => {
    const code = actors.somebody();
    const exchangeId = await actors.filing.seen(code);
    const unknown = await actors.filing.file({ code, exchangeId, changes: { profile: 'mars' } });
    expect(unknown.said.body['code']).toBe('terms-unknown');
    const items = [BIRTH_ITEM, { element: PROPERTY, pointer: '/property', doubted: 'x', proposed: 'y' }];
    const two = await actors.filing.file({ code, exchangeId, items });
    expect(two.said.body).toMatchObject({ code: 'case-parties', owners: [OWNER, OTHER_OWNER] });
  });

  it('as a duplicate, which is linked to the case that is open', async () => {
    const { code, exchangeId, filed } = await actors.routed();
    const second = await actors.filing.file({ code, exchangeId });
    expect(second.said.body).toMatchObject({ refusal: 'duplicate', correctionId: filed.id });
    await actors.filing.until(code, filed.id, ({ duplicates }) => duplicates.includes(second.id));
    // Whoever goes on does not hold up the owner: it is linked some times, and refused always.
    for (let more = 0; more < 7; more += 1)
      expect((await actors.filing.file({ code, exchangeId })).said.body).toMatchObject({ refusal: 'duplicate' });
    const linked = await actors.filing.until(code, filed.id, () => true);
    expect(linked.duplicates.length).toBeLessThanOrEqual(5);
    // Of another datum it is none.
    const other = await actors.filing.file({
      code,
      exchangeId,
      items: [{ element: ADDRESS, pointer: '/address', doubted: 'x' }],
    });
    expect(other.said.status).toBe(200);
  });
});

describe('feedback', () => {
  /** Nothing that anybody else would write. */
  const secrets = ['UNMISTAKABLE-DOUBTED', 'UNMISTAKABLE-PROPOSED', 'UNMISTAKABLE-REASON', 'UNMISTAKABLE-ATTACHED'];
  const [doubted = '', proposed = '', explanation = '', attached = ''] = secrets;

  it('holds none of what was doubted, proposed, explained or attached: in no table, on no topic, in no line of a log', async () => {
    const code = actors.somebody();
    const correcting = new Correcting(actors.filing);
    await correcting.indexed(await actors.filing.seen(code, RECIPIENT));
    const exchangeId = await actors.filing.seen(code);
    const items = [{ element: BIRTH, pointer: '/birth', doubted, proposed, explanation }];
    const bytes = Buffer.from(attached).toString('base64');
    const attachments = [{ name: `${attached}.txt`, mediaType: 'text/plain', bytes } as const];
    const filed = await actors.filing.routed({ code, exchangeId, items, attachments });
    const path = `/v1/owner/corrections/${filed.id}`;
    const { body } = await actors.filing.member(OWNER, path);
    expect(await actors.openedBy(OWNER, String(body['contentId']), String(body['sealed']))).toContain(doubted);
    const walk = new CaseWalk(actors.filing, filed, code);
    await walk.reviewed();
    await walk.accepted();
    await walk.corrected();
    for (const member of [PORTAL, RECIPIENT]) {
      const [notice] = await correcting.notices(member, 1);
      const acknowledged = () => correcting.acknowledge(member, notice?.noticeId ?? '');
      await eventually(async () => (await acknowledged()).status === 200, { timeoutMs: 30_000, intervalMs: 200 });
    }
    await walk.until('CLOSED');
    const needles = secrets.flatMap((text) => [text, ...base64sOf(text)]);
    const spelled = [...needles, ...secrets.map((text) => Buffer.from(text).toString('hex'))];
    const { network } = actors.filing;
    const { feedback, keys } = await network.databases();
    expect(await tablesWith(feedback, spelled)).toEqual([]);
    expect(await tablesWith(feedback, [filed.id])).toContain('correction_case');
    expect(await tablesWith(keys, spelled)).toEqual([]);
    const { bytes: records, counts } = await actors.everyTopic((stamp) => isClosing(stamp, filed.id));
    for (const { name } of [...[OWNER, PORTAL, RECIPIENT].map((one) => correctionTopic(one)), fixedTopics.stamp])
      expect([name, (counts.get(name) ?? 0) > 0]).toEqual([name, true]);
    const said = Buffer.concat([records, Buffer.from(network.lines.join('\n'))]);
    expect(network.lines.length).toBeGreaterThan(0);
    // What is looked for would be found: of whom a delivery is told stands outside it.
    expect([said.includes(OWNER), said.length > 10_000]).toEqual([true, true]);
    expect(spelled.filter((text) => said.includes(text))).toEqual([]);
  });

  /** Names of tables in whose rows one of these words stands. */
  async function tablesWith(database: Database, words: readonly string[]): Promise<string[]> {
    const tables = await database.query<{ name: string }>(
      `SELECT quote_ident(table_name) AS name FROM information_schema.tables WHERE table_schema = current_schema()`,
    );
    expect(tables.length).toBeGreaterThan(1);
    const found: string[] = [];
    for (const { name } of tables) {
      const rows = await database.query(
        `SELECT FROM ${name} AS row, unnest($1::text[]) AS word WHERE strpos(row::text, word) > 0 LIMIT 1`,
        [words],
      );
      if (rows.length > 0) found.push(name);
    }
    return found;
  }
});

/** As it stands within a longer text in base64, at each of the three places where it may begin. */
function base64sOf(text: string): string[] {
  return [0, 1, 2].map((shift) =>
    Buffer.from('\0'.repeat(shift) + text)
      .toString('base64')
      .slice(shift === 0 ? 0 : shift + 1, -4),
  );
}

function isClosing(stamp: Buffer, id: string): boolean {
  const parsed = parseStatement(stamp.toString('latin1'));
  return parsed.ok && parsed.value.payload.t === 'correction.closed' && parsed.value.payload.id === id;
}

describe('nobody else', () => {
  it('gets a case for its first statement, which is a leaf that others can read', async () => {
    const code = actors.somebody();
    const exchangeId = await actors.filing.seen(code);
    const filed = await actors.filing.routed({ code, exchangeId });
    const first = (await actors.filing.network.audit.leaves()).flatMap(({ body }) => {
      const jws = Buffer.from(body).toString('latin1');
      const parsed = parseStatement(jws);
      return parsed.ok && parsed.value.payload.id === filed.id ? [jws] : [];
    })[0];
    const body = {
      ...{ correctionId: filed.id, kind: 'ERROR', r: salt(), contentId: newExchangeId(), ...PLACE, statement: first },
      outline: outlineOf(filed.content),
    };
    const [other, own] = [actors.somebody(), code];
    const stolen = await actors.filing.portal(other, '/v1/corrections', { ...body, subject: `TEST/PIN/${other}` });
    expect([stolen.status, stolen.body['code']]).toEqual([409, 'case-exists']);
    const again = await actors.filing.portal(own, '/v1/corrections', { ...body, subject: `TEST/PIN/${own}` });
    expect(again.body).toMatchObject({ standing: { id: filed.id } });
  });

  it('makes a case a part of a whole that does not name it', async () => {
    const code = actors.somebody();
    const exchangeId = await actors.filing.seen(code);
    const alone = await actors.filing.file({ code, exchangeId, changes: { parentId: newExchangeId() } });
    expect(alone.said.body['code']).toBe('case-parties');
    const filed = await actors.filing.routed({ code, exchangeId });
    const beside = await actors.filing.file({ code, exchangeId, changes: { parentId: filed.id } });
    expect(beside.said.body['code']).toBe('case-parties');
  });

  it('sees a case, or acts in it: neither another person, nor another owner, nor another key', async () => {
    const { code, filed } = await actors.routed();
    expect((await actors.filing.portal(actors.somebody(), `/v1/corrections/${filed.id}`)).body['code']).toBe(
      'case-unknown',
    );
    expect((await actors.act(filed.id, receivedBy(filed), RECIPIENT)).body['code']).toBe('case-unknown');
    const path = `/v1/owner/corrections/${filed.id}/steps`;
    const { body } = await actors.filing.member(OWNER, path, receivedBy(filed));
    const statement = (await actors.signed(body['payload'], RECIPIENT)).jws;
    const forged = await actors.filing.member(OWNER, path, { ...receivedBy(filed), statement });
    expect(forged.body).toMatchObject({ code: 'step-unsound', problem: 'signer' });
    const changed = { ...(body['payload'] as { due: number }), due: 1 };
    const bent = await actors.filing.member(OWNER, path, {
      ...receivedBy(filed),
      statement: (await actors.signed(changed, OWNER)).jws,
    });
    expect(bent.body).toMatchObject({ code: 'step-unsound', problem: 'payload' });
    expect((await actors.filing.portal(code, `/v1/corrections/${filed.id}`)).body).toMatchObject({
      state: 'ROUTED',
      seq: 2,
    });
  });

  it('goes on with a case whose next step somebody has put into the log by themselves', async () => {
    const { code, filed } = await actors.routed();
    const { body } = await actors.filing.member(OWNER, `/v1/owner/corrections/${filed.id}/steps`, receivedBy(filed));
    await actors.filing.network.stamp(await actors.signed(body['payload'], OWNER));
    const astray = await eventually(async () => {
      const said = await actors.act(filed.id, { act: 'start' });
      return said.body['code'] === 'case-astray' ? said : undefined;
    });
    expect(astray.status).toBe(409);
    expect((await actors.filing.portal(code, `/v1/corrections/${filed.id}`)).body).toMatchObject({ state: 'ROUTED' });
  });
});
