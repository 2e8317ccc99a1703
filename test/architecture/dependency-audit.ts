/** An advisory that is known and put up with for now; `until` is the last day (UTC) on which it is. */
export interface AuditException {
  readonly advisory: string;
  readonly package: string;
  readonly reason: string;
  readonly until: string;
}

interface Finding {
  readonly advisory: string;
  readonly package: string;
  readonly severity: string;
  readonly title: string;
}

export interface AuditVerdict {
  /** Each ends the check. */
  readonly problems: readonly string[];
  readonly notes: readonly string[];
}

const GRAVE: ReadonlySet<unknown> = new Set(['high', 'critical']);

/**
 * Judges what `npm audit --json` said. Without an answer of the registry nothing was audited: that is said loudly and ends
 * nothing, for a build must be possible without a net. Exceptions whose day is over do, with or without one.
 */
export function judgeAudit(report: unknown, exceptions: readonly AuditException[], today: string): AuditVerdict {
  const overdue = exceptions
    .filter(({ until, reason }) => !(until >= today) || reason === '')
    .map(({ advisory, until }) => `the exception for ${advisory} has no reason or is over since ${until}`);
  const findings = findingsOf(report);
  if (findings === undefined)
    return {
      problems: overdue,
      notes: ['NOT AUDITED: the registry gave no answer to npm audit; nothing is known of advisories.'],
    };
  const excused = new Set(exceptions.map((exception) => `${exception.advisory} ${exception.package}`));
  const grave = findings.filter(({ severity }) => GRAVE.has(severity));
  const keyOf = (finding: Finding) => `${finding.advisory} ${finding.package}`;
  const problems = grave
    .filter((finding) => !excused.has(keyOf(finding)))
    .map((finding) => `${finding.package}: ${finding.severity}, ${finding.advisory}, ${finding.title}`);
  const found = new Set(grave.map(keyOf));
  const idle = [...excused]
    .filter((key) => !found.has(key))
    .map((key) => `nothing needs the exception for ${key} any more`);
  return {
    problems: [...overdue, ...problems],
    notes: [`${findings.length} advisories, ${grave.length} of them grave`, ...idle],
  };
}

/** Undefined: this is no report. */
function findingsOf(report: unknown): Finding[] | undefined {
  const vulnerabilities = member(report, 'vulnerabilities');
  if (typeof vulnerabilities !== 'object' || vulnerabilities === null) return undefined;
  return Object.entries(vulnerabilities as Record<string, unknown>).flatMap(([name, entry]) => {
    const via = member(entry, 'via');
    // A text names another entry, from which this one has it.
    const advisories = Array.isArray(via) ? via.filter((one) => typeof one === 'object') : [];
    return advisories.map((one) => ({
      package: name,
      advisory: (textOf(one, 'url') ?? 'unknown').replace(/^.*\//, ''),
      severity: textOf(one, 'severity') ?? 'high',
      title: textOf(one, 'title') ?? '',
    }));
  });
}

function textOf(value: unknown, name: string): string | undefined {
  const text = member(value, name);
  return typeof text === 'string' ? text : undefined;
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (Reflect.get(value, name) as unknown) : undefined;
}
