import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findKafka, freePort, isPortFree, KAFKA_VERSION, repositoryRoot, startKafka } from './index.js';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'kerege-kafka-spec-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const canConnect = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });

describe('startKafka', () => {
  it('starts, opens an extra listener, stops cleanly and starts again on the same data', async () => {
    const [port, controllerPort, extra] = [await freePort(), await freePort(), await freePort()];
    const options = { dataDir: join(directory, 'data'), port, controllerPort, logFile: join(directory, 'log') };
    const first = await startKafka({
      ...options,
      extraListeners: [{ name: 'FAULTY', port: extra, advertisedPort: await freePort() }],
    });
    expect(await canConnect(port)).toBe(true);
    expect(await canConnect(extra)).toBe(true);
    await first.stop();
    expect(await isPortFree(port)).toBe(true);
    expect(existsSync(join(directory, 'data/log/.kafka_cleanshutdown'))).toBe(true);
    const second = await startKafka(options);
    expect(second.brokers).toBe(`127.0.0.1:${port}`);
    await second.stop();
  }, 60_000);
});

describe('findKafka', () => {
  it('finds the jars that the tests run on', async () => {
    expect(await findKafka()).toMatchObject({ ok: true });
  });

  it('caches the version that the pom names', () => {
    const pom = readFileSync(join(repositoryRoot(), 'deploy/kafka/pom.xml'), 'utf8');
    expect(pom).toContain(`<artifactId>kafka_2.13</artifactId>\n      <version>${KAFKA_VERSION}</version>`);
  });
});
