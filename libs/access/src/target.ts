import {
  ok,
  parseServiceId,
  refuse,
  serviceCodeOf,
  subsystemOf,
  type Result,
  type ServiceId,
  type SubsystemId,
} from '#kernel';
import { percentDecode, plainSpelling } from './plain-text.js';

/** What a raw `/r1` target addresses (`exchange.md` §2.1). Path and query stay raw: they are forwarded byte for byte. */
export interface Target {
  /** The whole target as it arrived; the request hash covers it. */
  readonly raw: string;
  readonly instance: string;
  readonly provider: SubsystemId;
  readonly service: ServiceId;
  readonly serviceCode: string;
  /** Raw: empty, or begins with `/`. */
  readonly path: string;
  /** Raw, without the `?`; undefined if there was none. */
  readonly query: string | undefined;
}

export type TargetReason =
  /** Not in origin form, or not under `/r<digit>/`. */
  | 'target-malformed'
  | 'protocol-version-unsupported'
  /** Fewer than five identifier segments, or one that is no identifier. */
  | 'target-identifier'
  /** Two servers could read the path differently. */
  | 'path-ambiguous';

// RFC 3986 leaves no other bytes; `#` would be a fragment.
const PRINTABLE = /^[\x21\x22\x24-\x7e]+$/;
const PROTOCOL = /^\/r([0-9])\//;
const HOSTILE = /\\|\/\/|%2f|%5c|%25|%00/i;

/** Parses a raw request target and refuses every path that two readers may understand differently. */
export function parseTarget(raw: string): Result<Target, TargetReason> {
  if (!PRINTABLE.test(raw)) return refuse(raw.startsWith('/r1/') ? 'path-ambiguous' : 'target-malformed');
  const protocol = PROTOCOL.exec(raw);
  if (protocol === null) return refuse('target-malformed');
  if (protocol[1] !== '1') return refuse('protocol-version-unsupported');
  const mark = raw.indexOf('?');
  const whole = mark < 0 ? raw : raw.slice(0, mark);
  const query = mark < 0 ? undefined : raw.slice(mark + 1);
  // X-Road splits into at most eight pieces: "", "r1", five identifiers, and the rest untouched.
  const segments = whole.split('/');
  const service = parseService(segments.slice(2, 7));
  if (service === undefined) return refuse('target-identifier');
  const path = segments.length > 7 ? `/${segments.slice(7).join('/')}` : '';
  if (isAmbiguous(path)) return refuse('path-ambiguous');
  const provider = subsystemOf(service);
  const instance = provider.slice(0, provider.indexOf('/'));
  return ok({ raw, instance, provider, service, serviceCode: serviceCodeOf(service), path, query });
}

/** The segments of a service path, each decoded once; only for paths that `parseTarget` let through. */
export function decodedSegments(path: string): string[] | undefined {
  const segments = path === '' ? [''] : path.slice(1).split('/');
  const decoded = segments.map(percentDecode);
  return decoded.every((segment) => segment !== undefined) ? decoded : undefined;
}

function parseService(segments: readonly string[]): ServiceId | undefined {
  const parts = segments.map(percentDecode);
  if (parts.length !== 5 || !parts.every((part) => part !== undefined)) return undefined;
  // "." and ".." would be resolved away by any client library or server between us and the plain spelling.
  if (parts.some((part) => part.includes('/') || part === '.' || part === '..')) return undefined;
  const id = parseServiceId(parts.join('/'));
  return id.ok ? id.value : undefined;
}

function isAmbiguous(path: string): boolean {
  if (HOSTILE.test(path)) return true;
  const segments = decodedSegments(path);
  return segments === undefined || segments.some((segment) => segment !== '' && isHostileSegment(segment));
}

/** Dot segments in any spelling, also `..;x` and `...`, and Unicode that folds to a separator. */
function isHostileSegment(segment: string): boolean {
  if (/[\\/\u0000]/.test(segment.normalize('NFKC'))) return true;
  return plainSpelling(segment) === '';
}
