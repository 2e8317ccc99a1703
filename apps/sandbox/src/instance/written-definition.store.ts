import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseDocument } from 'yaml';
import { keyFileName, publicJwk, type PrivateJwk } from '#signing';
import { issuerEntry } from '../identity-provider/issuer-entry.js';
import { readKey } from '../keys/key-files.store.js';
import { sandboxErrors } from '../sandbox.errors.js';
import {
  CONSUMER_CREDENTIAL,
  IDENTITY_PROVIDER_KEY,
  INSTANCE,
  OFFICERS,
  PROVEN_CONSUMER,
  SECOND_GATEWAY,
} from './layout.js';

export interface DefinitionWishes {
  readonly file: string;
  readonly dataDir: string;
  readonly keysDir: string;
  readonly issuerUrl: string;
  /** With a second gateway beside the first, for the same consumers and with keys of its own. */
  readonly isDoubled: boolean;
  readonly isWithoutFeedback: boolean;
  /** Then a change of the registry needs two of its officers. */
  readonly hasOfficers: boolean;
}

/**
 * The definition with what only this machine knows – where the identity provider listens, its key, and that with which a
 * consumer's information system proves itself – in a folder of
 * the data directory, comments and all, so that a visitor goes on from it. Returns the file.
 */
export async function writeDefinition(wishes: DefinitionWishes): Promise<string> {
  const { file, dataDir, keysDir, issuerUrl, isDoubled, isWithoutFeedback, hasOfficers } = wishes;
  const key = await readKey(join(keysDir, keyFileName(IDENTITY_PROVIDER_KEY)));
  const credential = await readKey(join(keysDir, keyFileName(CONSUMER_CREDENTIAL)));
  if (key === undefined || credential === undefined) throw sandboxErrors.error('sandbox-keys-broken');
  const document = parseDocument(await readFile(file, 'utf8'));
  document.setIn(['issuers'], document.createNode([issuerEntry(issuerUrl, key)]));
  addCredential(document, credential);
  if (hasOfficers) document.set('officers', document.createNode(officers(issuerUrl)));
  if (isDoubled) addSecondGateway(document);
  if (isWithoutFeedback) dropFeedback(document);
  const folder = join(dataDir, 'definition');
  await mkdir(folder, { recursive: true });
  await cp(join(dirname(file), 'openapi'), join(folder, 'openapi'), { recursive: true });
  const written = join(folder, 'instance.yaml');
  await writeFile(written, document.toString({ lineWidth: 0 }));
  return written;
}

/** Fixed dates: the same key must give the same definition at each start. */
function addCredential(document: ReturnType<typeof parseDocument>, key: PrivateJwk): void {
  const { members } = document.toJS() as { members: { id: string; subsystems: { code: string }[] }[] };
  for (const [m, { id, subsystems }] of members.entries())
    for (const [s, { code }] of subsystems.entries())
      if (`${id}/${code}` === PROVEN_CONSUMER)
        document.setIn(
          ['members', m, 'subsystems', s, 'credentials'],
          document.createNode([{ key: publicJwk(key), from: '2026-01-01', until: '2036-12-31' }]),
        );
}

function officers(issuer: string) {
  return OFFICERS.map(({ code, ...office }) => ({ person: `${INSTANCE}/OFFICIAL/${code}`, issuer, ...office }));
}

function addSecondGateway(document: ReturnType<typeof parseDocument>): void {
  const { instances } = document.toJS() as { instances: { kind: string }[] };
  for (const entry of instances.filter(({ kind }) => kind === 'gateway'))
    document.addIn(['instances'], document.createNode({ ...entry, id: SECOND_GATEWAY }));
}

function dropFeedback(document: ReturnType<typeof parseDocument>): void {
  const { instances } = document.toJS() as { instances: { kind: string }[] };
  document.setIn(['instances'], document.createNode(instances.filter(({ kind }) => kind !== 'feedback')));
}
