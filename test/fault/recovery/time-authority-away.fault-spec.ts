import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { eventually } from '#testing';
import { hasOpenssl, TimeLab } from '../../audit/time-lab.js';
import { TimeStandIn } from '../../audit/time-stand-in.js';
import { WrongClock } from '../clock/wrong-clock.js';
import { PATIENCE, type AuditProcess } from './spec-support/audit-process.js';
import { DrillGround } from './spec-support/drill-ground.js';
import { hasJudge } from './spec-support/outside-judge.js';

jest.setTimeout(120_000);

const MINUTE_MS = 60_000;
const canDrill = hasJudge && hasOpenssl;

let ground: DrillGround;
let audit: AuditProcess;
let lab: TimeLab;
let authority: TimeStandIn;
let clock: WrongClock;
let settings: Record<string, string>;
beforeAll(async () => {
  if (!canDrill) return;
  lab = new TimeLab();
  const pem = lab.root('root');
  lab.authority('tsa', 'root');
  authority = new TimeStandIn((query) => lab.reply('tsa', query));
  ground = await DrillGround.prepare({ timestampRoots: [pem] });
  ground.atEnd(() => authority.close());
  clock = new WrongClock(ground.directory, 'audit');
  settings = {
    ...clock.env,
    KEREGE_AUDIT_TIME_AUTHORITIES: `tsa=${await authority.listen()}`,
    KEREGE_AUDIT_TIME_INTERVAL_MS: '200',
    KEREGE_AUDIT_TIME_TIMEOUT_MS: '1000',
  };
  audit = await ground.audit();
  await audit.start(settings);
  await ground.network.enact(ground.network.world);
});
afterAll(async () => {
  if (!canDrill) return;
  await ground.end();
  lab.close();
});

/** Sizes that a stored token vouches for. */
async function stampedSizes(): Promise<number[]> {
  const rows = await ground.network.database.query<{ size: string }>(
    `SELECT size FROM audit.log_anchor WHERE kind = 'timestamp' ORDER BY size`,
  );
  return rows.map(({ size }) => Number(size));
}
const gapSeconds = async () => {
  const text = await (await fetch(`${audit.url}/metrics`)).text();
  return Number(/^kerege_audit_time_gap_seconds(?:\{.*\})? (\S+)$/m.exec(text)?.[1] ?? 0);
};

(canDrill ? describe : describe.skip)('the time-stamp authority cannot be reached', () => {
  it('traffic goes on, and the gap is counted', async () => {
    ground.stampers.start();
    await eventually(async () => (await stampedSizes()).length > 0, PATIENCE);
    authority.fault = 'down';
    await ground.stampers.progress(200);
    await eventually(async () => (await gapSeconds()) > 1, PATIENCE);
    await audit.ready();
    await ground.stampers.settle();
  });

  it('a gap of more than ten minutes is an alarm, over restarts, too; receipts still go out', async () => {
    await audit.stop();
    clock.setAhead(11 * MINUTE_MS);
    await audit.start(settings);
    const part = await eventually(async () => {
      const shown = await audit.part('trusted-time');
      return shown.state === 'degraded' ? shown : undefined;
    }, PATIENCE);
    expect(part.reason).toContain('no time-stamp token for ten minutes');
    await eventually(async () => (await audit.log()).includes('"alarm":"no-trusted-time"'), PATIENCE);
    await ground.stampers.send(50);
    await ground.stampers.settle();
    await audit.stop();
    clock.setAhead(0);
  });

  it('heals: the next token covers all that waited', async () => {
    const { size } = await ground.network.head();
    authority.fault = 'none';
    await audit.start(settings);
    await eventually(async () => (await stampedSizes()).some((stamped) => stamped >= size), PATIENCE);
    await eventually(async () => (await gapSeconds()) < 1, PATIENCE);
    expect((await audit.part('trusted-time')).state).toBe('ok');
  });

  it('every receipt ever released verifies', async () => {
    const { others, ...verdict } = await ground.judge(audit);
    expect(verdict).toMatchObject({ verified: true, stamped: ground.stampers.stamped.length });
    // Audit's own leaves about the tokens, and nothing else that nobody stamped.
    expect(Object.keys(others ?? {}).sort()).toEqual(['anchor.tsr', 'registry.manifest']);
  });
});
