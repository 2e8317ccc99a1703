import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { keyFileName } from '#platform';
import type { Database } from '#postgres';
import { generateSigningKey } from '#signing';
import { makeVkey, parseVkey } from '#tlog';
import type { AuditConfig } from '../audit.config.js';
import { checkArchive } from '../windows/archive-check.service.js';
import { LogKeys, logKeyIdentifiers } from '../windows/log-keys.service.js';
import { WindowFiles } from '../windows/window-files.store.js';
import { placeOf, shardOf, windowOf } from '../windows/window-name.js';
import { stateOf } from '../windows/window-state.js';
import { WindowStore, type StoredWindow } from '../windows/window.store.js';
import { windowsErrors } from '../windows/windows.errors.js';

/** One command of the operator (`docs/operations/rotation.md`). Returns the lines that tell what was done. */
export async function operate(
  [command = '', name = '']: readonly string[],
  config: AuditConfig,
  openDatabase: () => Promise<Database>,
): Promise<string[]> {
  if (command === 'key' && name !== '') return makeKey(config, name);
  const isKnown = command === 'windows' || command === 'rotate' || (command === 'detach' && name !== '');
  if (!isKnown) throw windowsErrors.error('operator-command');
  const database = await openDatabase();
  try {
    const store = new WindowStore(database);
    if (command === 'windows') return (await store.list()).map(lineOf);
    return command === 'rotate' ? await rotate(store) : await detach(store, config, name);
  } finally {
    await database.close();
  }
}

async function rotate(store: WindowStore): Promise<string[]> {
  const newest = await store.newest();
  if (newest === undefined) throw windowsErrors.error('window-unknown');
  if (shardOf(newest.origin) === newest.origin) throw windowsErrors.error('window-name');
  await store.askForRotation(newest.logId);
  return [`${newest.origin}: rotation asked for; /status of the audit service tells if it cannot be made`];
}

/** Never over a key that is there. The vkey goes into every `trust.json` before the window is opened. */
async function makeKey({ instanceId, keysDir, origin }: AuditConfig, window: string): Promise<string[]> {
  const named = `${shardOf(origin)}/${window}`;
  if (shardOf(named) !== shardOf(origin)) throw windowsErrors.error('window-name');
  const key = generateSigningKey();
  const [identifier] = logKeyIdentifiers(instanceId, named);
  const file = join(keysDir, keyFileName(identifier));
  const handle = await open(file, 'wx', 0o600).catch((cause: unknown) => {
    throw windowsErrors.error('key-exists', { cause, details: { file } });
  });
  try {
    await handle.writeFile(`${JSON.stringify({ keys: [key] })}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  return [file, makeVkey(named, Buffer.from(key.x, 'base64url'))];
}

async function detach(store: WindowStore, config: AuditConfig, name: string): Promise<string[]> {
  const window = (await store.list()).find(({ origin }) => windowOf(origin) === name);
  if (window === undefined) throw windowsErrors.error('window-unknown');
  if (stateOf(window) !== 'frozen') throw windowsErrors.error('window-not-frozen');
  const { origin, size, note, logId } = window;
  const key = parseVkey((await new LogKeys(config).trusted()).get(origin) ?? '');
  if (config.archiveDir === '' || !key.ok) throw windowsErrors.error('window-files-missing', { details: { origin } });
  await checkArchive(new WindowFiles(config.archiveDir), { place: placeOf(origin), size, note, key: key.value });
  const table = await store.detach(logId);
  return [`${origin}: ${size} leaves verified in ${config.archiveDir} and taken out of the log's table`, table];
}

function lineOf(window: StoredWindow): string {
  return `${window.logId} ${window.origin} ${stateOf(window)} ${window.size}`;
}
