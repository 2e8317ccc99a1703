import type { ErrorEntry } from '#kernel';
import type { ErrorFace } from './error-face.js';

export type FaultSpelling = '7.8' | '7.7';
export type FaultPrefix = 'clientproxy' | 'serverproxy';

/** `exchange.md` §1: some faults name a side by themselves, whoever noticed them. */
const OWN_PREFIX: Readonly<Record<string, FaultPrefix>> = {
  network_error: 'serverproxy',
  service_failed: 'serverproxy',
  logging_failed: 'clientproxy',
  global_conf_outdated: 'clientproxy',
};

/** Words that 7.8 renamed and not only spelled anew (§2.7). */
const OLD_WORDS: Readonly<Record<string, string>> = {
  global_conf_outdated: 'OutdatedGlobalConf',
  io_error: 'IOError',
};

/** The fault code of an error: `server.clientproxy.access_denied`, or `Server.ClientProxy.AccessDenied`. */
export function faultCode(
  entry: Pick<ErrorEntry, 'fault'>,
  decidedBy: 'gateway' | 'connector',
  spelling: FaultSpelling,
): string {
  const fault = entry.fault ?? 'internal_error';
  const prefix = OWN_PREFIX[fault] ?? (decidedBy === 'gateway' ? 'clientproxy' : 'serverproxy');
  if (spelling === '7.8') return `server.${prefix}.${fault}`;
  return `Server.${prefix === 'clientproxy' ? 'ClientProxy' : 'ServerProxy'}.${OLD_WORDS[fault] ?? pascal(fault)}`;
}

export interface Fault {
  readonly type: string;
  readonly message: string;
  /** Finds the error again: the exchange id where there is one, else a fresh UUID. */
  readonly detail: string;
}

/** Body and content type of a fault: exactly three string fields (§2.6). */
export function renderFault(fault: Fault, face: Exclude<ErrorFace, 'problem'>): { contentType: string; body: string } {
  const { type, message, detail } = fault;
  if (face === 'json') return { contentType: 'application/json', body: JSON.stringify({ type, message, detail }) };
  const body = `<error><type>${xmlText(type)}</type><message>${xmlText(message)}</message><detail>${xmlText(detail)}</detail></error>`;
  return { contentType: `${face};charset=utf-8`, body };
}

/** 500 if the fault code begins with `Server.`, otherwise 400 (§2.6). */
export function faultStatus(type: string): number {
  return /^server\./i.test(type) ? 500 : 400;
}

/** Text as it may stand between tags, and in a double-quoted attribute. */
export function xmlText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

function pascal(words: string): string {
  return words
    .split('_')
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join('');
}
