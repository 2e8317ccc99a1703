/** Something that must be there before an app can do its work; each app contributes its own. */
export interface ReadinessCheck {
  /** Short and stable, e.g. `database`, `registry-copy`; operators read it. */
  readonly name: string;
  /** Undefined when it is there; else what is missing, in words without personal data. Must not throw; may be slow. */
  readonly missing: () => Promise<string | undefined> | string | undefined;
}

const CHECK_TIMEOUT_MS = 2_000;

/** What a check says, with a time-out; a check that throws counts as missing. */
export async function runCheck(check: ReadinessCheck, timeoutMs = CHECK_TIMEOUT_MS): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`did not answer within ${timeoutMs} ms`), timeoutMs);
  });
  try {
    return await Promise.race([Promise.resolve(check.missing()), late]);
  } catch {
    // What was thrown may quote anything; to the reader of /ready only the fact matters.
    return 'could not be checked';
  } finally {
    clearTimeout(timer);
  }
}
