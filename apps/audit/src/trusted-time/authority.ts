import { ok, refuse, type Result } from '#kernel';

/** A time-stamp authority that is asked, in the order of the configuration. */
export interface TimeAuthority {
  /** Stands in the log as `ref` of `anchor.tsr`. */
  readonly name: string;
  readonly url: URL;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** `name=URL` of each. */
export function parseAuthorities(entries: readonly string[]): Result<TimeAuthority[], string> {
  const authorities: TimeAuthority[] = [];
  for (const entry of entries) {
    const at = entry.indexOf('=');
    const name = entry.slice(0, Math.max(at, 0));
    const url = URL.parse(entry.slice(at + 1));
    if (!NAME.test(name) || url === null || !/^https?:$/.test(url.protocol))
      return refuse(`"${entry}" is not name=URL`);
    if (authorities.some((other) => other.name === name)) return refuse(`"${name}" is named twice`);
    authorities.push({ name, url });
  }
  return ok(authorities);
}
