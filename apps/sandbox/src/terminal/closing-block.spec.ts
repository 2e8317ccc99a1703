import { portsFrom } from '../instance/layout.js';
import { closingBlock, type ClosingInputs } from './closing-block.js';
import { fingerprints } from './fingerprint.js';

function inputs(base: number, mode: 'processes' | 'one-process' = 'processes'): ClosingInputs {
  const dataDir = mode === 'processes' ? 'data' : 'data/fallback';
  return {
    instance: {
      mode,
      missing: mode === 'processes' ? undefined : 'Java 17 or newer is not installed',
      ports: portsFrom(base),
      gatewayUrl: `http://127.0.0.1:${base}`,
      auditUrl: `http://127.0.0.1:${base + 20}`,
      registryUrl: `http://127.0.0.1:${base + 30}`,
      portalUrl: `http://127.0.0.1:${base + 65}`,
      trustFile: '/x/data/trust.json',
      databaseUrl: `postgres://kerege:secret-word@127.0.0.1:${base + 110}/kerege`,
      kafkaBrokers: `127.0.0.1:${base + 100}`,
    },
    fingerprints: [
      { what: 'log', fingerprint: 'audit.demo.example/DEMO/0/2026h2+afbaca12 0011' },
      { what: 'registry', fingerprint: 'k' },
    ],
    trustPath: `${dataDir}/trust.json`,
    logsPath: 'data/logs',
  };
}

/** Commands of `kerege`, each on one line, by what they begin with. */
function commands(block: string): string[] {
  return [...block.replaceAll(/ \\\n\s*/g, ' ').matchAll(/npx kerege .*$/gm)].map(([command]) => command);
}

describe('closingBlock', () => {
  it('fits a terminal of 36 lines and 100 columns', () => {
    const lines = closingBlock(inputs(8080)).split('\n');
    expect(lines.length).toBeLessThanOrEqual(36);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(100);
  });

  it('shows the first call of sandbox.md §3 to the letter', () => {
    expect(closingBlock(inputs(8080))).toContain(
      [
        'curl -i http://127.0.0.1:8080/r1/DEMO/GOV/1001/population/persons/TEST000001 \\',
        "    -H 'X-Road-Client: DEMO/GOV/1000/mygov' -H 'Kerege-Purpose: citizen-view'",
      ].join('\n'),
    );
  });

  it('moves its commands with the ports', () => {
    const block = closingBlock(inputs(9080));
    expect(block).toContain('--gateway http://127.0.0.1:9080');
    expect(block).not.toContain('8080');
  });

  it('leads to what the bus refuses', () => {
    expect(closingBlock(inputs(8080))).toMatch(/: npx kerege tour$/m);
    expect(commands(closingBlock(inputs(9080)))).toContain(
      'npx kerege tour --gateway http://127.0.0.1:9080 --registry http://127.0.0.1:9110 --issuer http://127.0.0.1:9150',
    );
  });

  it('names with each command the files of an instance that keeps them elsewhere, whatever its ports are', () => {
    const [keys, trust] = ['--keys data/fallback/keys', '--trust data/fallback/trust.json'];
    const definition = '-f data/fallback/definition/instance.yaml';
    const shown = commands(closingBlock(inputs(8080, 'one-process')));
    expect(shown).toContain(`npx kerege tour ${keys} ${trust} ${definition}`);
    expect(shown).toContain(`npx kerege questions list --subsystem DEMO/GOV/1000/mygov ${keys}`);
    expect(shown).toContain(`npx kerege correction list --as DEMO/GOV/1001/population ${keys} ${trust}`);
    for (const call of shown.filter((command) => command.includes(' call ')))
      expect(call.endsWith(` ${trust}`)).toBe(true);
    const elsewhere = commands(closingBlock({ ...inputs(9080), trustPath: '/x/data/trust.json' }));
    expect(elsewhere.find((command) => command.includes(' tour '))).toMatch(
      / --keys \/x\/data\/keys --trust \/x\/data\/trust\.json -f \/x\/data\/definition\/instance\.yaml$/,
    );
  });

  it('leads from a call about a person to the answer of who made it', () => {
    const block = closingBlock(inputs(8080));
    expect(block).toContain('npx kerege call GET DEMO/GOV/1001/population/persons/TEST000007');
    expect(block).toContain('npx kerege questions list --subsystem DEMO/GOV/1000/mygov\n');
    expect(block).toMatch(/questions answer <id> --subsystem DEMO\/GOV\/1000\/mygov --code YOUR_APPLICATION$/m);
    expect(closingBlock(inputs(9080))).toContain('--feedback http://127.0.0.1:9120 --code');
  });

  it('lets three members get what is wrong', () => {
    const asked = closingBlock(inputs(8080)).matchAll(/call GET \S+TEST000007(?: \\\n {3})? --client (.+)$/gm);
    expect([...asked].map(([, client]) => client)).toEqual([
      ...['DEMO/GOV/1000/mygov --purpose citizen-view', 'DEMO/GOV/1003/benefits', 'DEMO/COM/2001/clinic'],
    ]);
  });

  it('leads from a wrong datum to the case worker who owns it', () => {
    const block = closingBlock(inputs(8080));
    expect(block).toContain('npx kerege correction list --as DEMO/GOV/1001/population\n');
    expect(block).toContain('curl -X POST http://127.0.0.1:8141/_sandbox/clerk/TEST000007\n');
    expect(closingBlock(inputs(9080))).toMatch(/population --feedback \S+:9120 --registry \S+:9110$/m);
  });

  it('never shows the password of the database', () => {
    expect(closingBlock(inputs(8080))).not.toContain('secret-word');
  });

  it('begins with what is missing and what that means when there is no Kafka', () => {
    const block = closingBlock(inputs(8080, 'one-process'));
    expect(block).toContain('Java 17 or newer is not installed');
    expect(block.indexOf('One process, no Kafka')).toBeLessThan(block.indexOf('Kerege is ready'));
  });
});

describe('fingerprints', () => {
  it('digest the key of a log, whose base64 may hold a plus, and name the key of the registry', () => {
    const key = Buffer.from([1, ...Array.from({ length: 32 }, () => 0xfb)]).toString('base64');
    expect(key).toContain('+');
    const [log, registry] = fingerprints({ logs: [`a.example/0+01020304+${key}`], registryKeys: [{ kid: 'k' }] });
    expect(log?.fingerprint).toMatch(/^a\.example\/0\+01020304 [0-9a-f]{32}$/);
    expect(registry).toEqual({ what: 'registry', fingerprint: 'k' });
  });
});
