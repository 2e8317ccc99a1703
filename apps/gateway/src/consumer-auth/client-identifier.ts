import { ok, parseMemberId, parseSubsystemId, refuse, type MemberId, type Result, type SubsystemId } from '#kernel';

/**
 * `X-Road-Client`: `INST/CLASS/MEMBER[/SUBSYSTEM]`, each part percent-encoded by itself (`exchange.md` §2.3). A bare
 * member is well formed, but only subsystems have keys and rights.
 */
export function parseClientIdentifier(text: string): Result<SubsystemId | MemberId, 'client-malformed'> {
  const parts = text.trim().split('/').map(decodePart);
  if (!parts.every((part) => part !== undefined && !part.includes('/'))) return refuse('client-malformed');
  const id = parts.join('/');
  const parsed = parts.length === 3 ? parseMemberId(id) : parseSubsystemId(id);
  return parsed.ok ? ok(parsed.value) : refuse('client-malformed');
}

/** The form in which identifiers stand in headers. */
export function encodeIdentifier(id: string): string {
  return id.split('/').map(encodeURIComponent).join('/');
}

function decodePart(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    // A stray percent sign or bad UTF-8: the identifier is malformed.
    return undefined;
  }
}
