/** A call that reached an agency, by the agency's own list. */
export interface AgencyCall {
  readonly agency: string;
  readonly exchangeId: string | null;
  /** The client's name of its order. */
  readonly messageId: string | null;
  readonly method: string;
}

export interface AgencyList {
  readonly calls: readonly AgencyCall[];
  /** Calls that the agency has had and no longer names: then nothing can be judged. */
  readonly forgotten: number;
}

interface Listed {
  readonly count: number;
  readonly calls: readonly Omit<AgencyCall, 'agency'>[];
}

/** Reads the lists of all agencies. */
export async function readAgencies(urls: Readonly<Record<string, string>>): Promise<AgencyList> {
  const lists = await Promise.all(
    Object.entries(urls).map(async ([agency, url]) => {
      const response = await fetch(`${url}/_sandbox/calls`, { signal: AbortSignal.timeout(30_000) });
      const { count, calls } = (await response.json()) as Listed;
      return { calls: calls.map((call) => ({ ...call, agency })), forgotten: count - calls.length };
    }),
  );
  return {
    calls: lists.flatMap(({ calls }) => calls),
    forgotten: lists.reduce((sum, { forgotten }) => sum + forgotten, 0),
  };
}
