import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { repositoryRoot } from '#local';
import { loadTrust } from '#platform';
import { eventually } from '#testing';
import { fillIn } from '../../apps/cli/src/token/sandbox-browser.service.js';
import { closingBlock } from '../../apps/sandbox/src/terminal/closing-block.js';
import { fingerprints } from '../../apps/sandbox/src/terminal/fingerprint.js';
import { BENEFITS, CLINIC, MYGOV, startBus, type BusUnderTest } from './spec-support/bus-under-test.js';

jest.setTimeout(300_000);

let bus: BusUnderTest;
/** What a visitor reads, and may copy from. */
let block: string;
beforeAll(async () => {
  bus = await startBus();
  const { instance } = bus;
  block = closingBlock({
    ...{ instance, trustPath: instance.trustFile, logsPath: instance.logsDir },
    fingerprints: fingerprints(await loadTrust(instance.trustFile)),
  });
});
afterAll(() => bus.end());

/** Commands that stand in what was printed: each on lines of its own, begun by spaces. */
function commandsIn(text: string): string[] {
  return [...text.replaceAll(/ \\\n\s*/g, ' ').matchAll(/^ {2,}((?:npx kerege|curl) .*)$/gm)].map(
    ([, command = '']) => command,
  );
}

/** As typed into a shell in the project's folder; only the ports are not those that the commands take by themselves. */
function type(command: string): Promise<string> {
  const { dataDir, trustFile, registryUrl } = bus.instance;
  const kerege = join(repositoryRoot(), 'dist/bin/kerege.js');
  const script = `npx() { shift; "${process.execPath}" "${kerege}" "$@"; }; ${command}`;
  const env = { ...process.env, KEREGE_TRUST_FILE: trustFile, KEREGE_REGISTRY_URL: registryUrl };
  return new Promise((resolve, reject) => {
    execFile('bash', ['-c', script], { cwd: dataDir, env, timeout: 60_000 }, (error, out, err) => {
      if (error === null) resolve(`${out}${err}`);
      else reject(new TypeError(`${command}\n${out}${err}`));
    });
  });
}

/** A person at the portal whose address the block has. */
class Visitor {
  private constructor(
    private readonly portal: string,
    private readonly cookie: string,
  ) {}

  static async signedIn(person: string): Promise<Visitor> {
    const portal = /Sign in as TEST000007 at (http:\/\/[^\s,]+),/.exec(block)?.[1] ?? '';
    const at = (url: string, cookie = '') => fetch(url, { redirect: 'manual', headers: { cookie } });
    const begun = await at(`${portal}/sign-in`);
    const back = await fillIn(new URL(begun.headers.get('location') ?? ''), { person, level: 'high' });
    const ended = await at(back.href, cookieIn(begun));
    return new Visitor(portal, cookieIn(ended));
  }

  async page(): Promise<string> {
    return (await this.get('/corrections')).text();
  }

  get(path: string): Promise<Response> {
    return fetch(`${this.portal}${path}`, { headers: { cookie: this.cookie } });
  }

  /** Says what should be in the parts of a field; again until the portal's question is in the history. */
  async says(field: string, ...proposed: readonly string[]): Promise<void> {
    await this.page();
    await eventually(
      async () => {
        const body = new URLSearchParams({ field });
        for (const value of proposed) body.append('proposed', value);
        const headers = { cookie: this.cookie, origin: new URL(this.portal).origin };
        const answer = await fetch(`${this.portal}/corrections`, { method: 'POST', headers, body });
        return (await answer.text()).includes('Filed under');
      },
      { timeoutMs: 30_000, intervalMs: 1_000 },
    );
  }
}

const cookieIn = (answer: Response) => answer.headers.getSetCookie().map((line) => line.split(';')[0])[0] ?? '';

/** Does what each command says comes next, until those who were told have to act. What it says then. */
async function workThrough(clerk: string): Promise<string> {
  const list = commandsIn(block).find((line) => line.includes('correction list')) ?? '';
  const [show = ''] = await eventually(
    async () => {
      const found = await type(list);
      return / ROUTED /.test(found) ? nextIn(found) : undefined;
    },
    { timeoutMs: 60_000, intervalMs: 500 },
  );
  const done: string[] = [];
  return eventually(
    async () => {
      const shown = await type(show);
      if (shown.includes(' told --as ')) {
        expect(done).toEqual(['receive', 'start', 'decide', 'correct']);
        return shown;
      }
      const [next] = commandsIn(shown);
      if (next === undefined) return undefined;
      const act = / correction (\S+)/.exec(next)?.[1] ?? '';
      if (act === 'correct') await type(clerk);
      const filled = next.replace('<article>', "'Demo Act on Personal Data, section 15'");
      await typeUntilTaken(filled.replace('<official>', 'officer-1').replace('<other-official>', 'officer-2'));
      done.push(act);
      return undefined;
    },
    { timeoutMs: 120_000, intervalMs: 500 },
  );
}

const nextIn = (printed: string) => [...printed.matchAll(/^ *next: (npx kerege .*)$/gm)].map(([, line = '']) => line);

/** As its hint says where the step before is on its way into the log yet. */
function typeUntilTaken(command: string): Promise<string> {
  return eventually(
    async () => {
      try {
        return await type(command);
      } catch (cause) {
        if (String(cause).includes('refusal: unstamped')) return undefined;
        throw cause;
      }
    },
    { timeoutMs: 60_000, intervalMs: 1_000 },
  );
}

/** Each member sees what it was told, and answers by what is printed beside it. */
async function acknowledge(shown: string, members: readonly string[]): Promise<void> {
  const told = /(npx kerege correction told --as) <their subsystem>/.exec(shown)?.[1] ?? '';
  const [, options = ''] = /correction list --as \S+( .*)?$/m.exec(block) ?? [];
  for (const member of members) {
    const news = await eventually(
      async () => {
        const printed = await type(`${told} ${member}${options}`);
        return printed.includes('Nothing waits') ? undefined : printed;
      },
      { timeoutMs: 60_000, intervalMs: 500 },
    );
    for (const command of commandsIn(news)) await typeUntilTaken(command);
    expect(await type(`${told} ${member}${options}`)).toContain('Nothing waits');
  }
}

/** By the link and the command that the portal's page has beside a case that is closed. */
async function verified(visitor: Visitor): Promise<string> {
  const page = await eventually(
    async () => {
      const shown = await visitor.page();
      return shown.includes('<small>CLOSED') ? shown : undefined;
    },
    { timeoutMs: 60_000, intervalMs: 500 },
  );
  const [, link = ''] = /href="([^"]+\/evidence)"/.exec(page) ?? [];
  const [, command = ''] = /<code>(npx kerege correction verify [^<]+)<\/code>/.exec(page) ?? [];
  const file = join(bus.instance.dataDir, command.split(' ').at(-1) ?? '');
  await eventually(
    async () => {
      const taken = await visitor.get(link);
      if (taken.status === 200) await writeFile(file, Buffer.from(await taken.arrayBuffer()));
      return taken.status === 200;
    },
    { timeoutMs: 30_000, intervalMs: 500 },
  );
  return type(command);
}

const clerk = () => commandsIn(block).find((line) => line.includes('/_sandbox/clerk/')) ?? '';

it('leads a visitor from the wrong date of birth to a closed case that three members have confirmed', async () => {
  for (const call of commandsIn(block).filter((line) => line.includes('kerege call')))
    expect(await type(call)).toContain('Verified');
  const visitor = await Visitor.signedIn('TEST000007');
  expect(await visitor.page()).toContain('1911-08-22');
  await visitor.says('birthDate', '2001-08-22');
  const shown = await workThrough(clerk());
  await acknowledge(shown, [MYGOV, BENEFITS, CLINIC]);
  const report = await verified(visitor);
  expect(report).toContain('about DEMO/PIN/TEST000007, CLOSED');
  const told = [...report.matchAll(/^ {2}told: (\S+), APPLIED$/gm)].map(([, member]) => member);
  expect(told.sort()).toEqual([MYGOV, BENEFITS, CLINIC].sort());
  expect(await visitor.page()).toContain('2001-08-22');
});

it('leads another one from the address that the Cadastre contradicts to a closed case', async () => {
  const visitor = await Visitor.signedIn('TEST000013');
  expect(await visitor.page()).toContain('Invented Street 013, Sinaqkend, ZZ1013');
  await visitor.says('address', 'Contradiction Lane 13', 'Ornekpol', 'ZZ1999');
  const shown = await workThrough(clerk().replace('TEST000007', 'TEST000013'));
  expect(shown).toContain('proposed: "Contradiction Lane 13"');
  await acknowledge(shown, [MYGOV]);
  expect(await verified(visitor)).toContain('about DEMO/PIN/TEST000013, CLOSED');
  expect(await visitor.page()).toContain('Contradiction Lane 13, Ornekpol, ZZ1999');
});
