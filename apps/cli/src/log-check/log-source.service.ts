import { open, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { AppError } from '#kernel';
import { cliErrors } from '../cli.errors.js';
import type { LogSource } from '../verify-log/index.js';

const TIMEOUT_MS = 30_000;
const ATTEMPTS = 4;
const FIRST_PAUSE_MS = 250;

export function isUrl(place: string): boolean {
  return /^https?:\/\//u.test(place);
}

/** A log’s files below a URL prefix or in a folder. `token` opens bundles where the operator gates them. */
export function logSource(place: string, token?: string): LogSource {
  return isUrl(place) ? webSource(place.endsWith('/') ? place : `${place}/`, token) : folderSource(resolve(place));
}

function folderSource(root: string): LogSource {
  return {
    read: (path, maxBytes) => readFolder(join(root, path), maxBytes),
    list: () => walk(root, ''),
  };
}

async function readFolder(file: string, maxBytes: number): Promise<Buffer | undefined> {
  try {
    const handle = await open(file, 'r');
    try {
      const { size } = await handle.stat();
      // One byte more than there may be is enough to be refused.
      const bytes = Buffer.alloc(Math.min(size, maxBytes));
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0);
      return bytes.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch (cause) {
    const code: unknown = typeof cause === 'object' && cause !== null ? Reflect.get(cause, 'code') : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') return undefined;
    throw cliErrors.error('file-unreadable', { cause, extensions: { file } });
  }
}

async function* walk(root: string, below: string): AsyncGenerator<string> {
  for (const entry of await readdir(join(root, below), { withFileTypes: true })) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) yield* walk(root, path);
    else yield path;
  }
}

function webSource(prefix: string, token: string | undefined): LogSource {
  const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` };
  return { read: (path, maxBytes) => fetchAgain(new URL(path, prefix).href, headers, maxBytes) };
}

/** A log has thousands of files: one that is not answered once is asked for again. */
async function fetchAgain(url: string, headers: Record<string, string>, maxBytes: number): Promise<Buffer | undefined> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const answer = await fetch(url, { headers, redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) });
      if (answer.status === 404) return undefined;
      if (answer.ok) return await bodyOf(answer, maxBytes);
      if (answer.status < 500 && answer.status !== 429)
        throw cliErrors.error('log-refused', { extensions: { address: url, status: answer.status } });
    } catch (cause) {
      if (attempt === ATTEMPTS || isRefusal(cause)) throw unreachable(cause, url);
    }
    if (attempt === ATTEMPTS) throw unreachable(undefined, url);
    await pause(FIRST_PAUSE_MS * 2 ** attempt);
  }
}

/** Stops reading at the limit: what is longer is refused by whoever asked. */
async function bodyOf(answer: Response, maxBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of answer.body ?? []) {
    const bytes = chunk as Uint8Array;
    chunks.push(bytes);
    length += bytes.length;
    if (length > maxBytes) break;
  }
  return Buffer.concat(chunks);
}

function pause(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}

function isRefusal(cause: unknown): boolean {
  return cause instanceof AppError && cause.code === 'log-refused';
}

function unreachable(cause: unknown, address: string): unknown {
  return isRefusal(cause) ? cause : cliErrors.error('server-unreachable', { cause, extensions: { address } });
}
