import { fromBase64Url } from '#kernel';
import { isSequelOf, opens, type Statement } from '#signing';
import type { AccessRow, ProvenStatement } from './access-row.js';
import { readStatement, standsAt, type Trust } from './prove-leaf.js';

/** What is checked of a row, each by itself: a person sees which of it failed. */
export const CHECKS = ['in-log', 'about-you', 'as-shown', 'outcome'] as const;
export type Check = (typeof CHECKS)[number];
export type Finding = 'ok' | 'false' | 'missing';
export type Findings = Readonly<Record<Check, Finding>>;
export type Verdict = 'proven' | 'false' | 'unproven';

/**
 * Recomputes what a row claims from its evidence (`audit-log.md` §4.3): the statement stands in the log at that index,
 * one of its commitments opens to this person, the row shows what the statement says, and the outcome is the log's too.
 * What has no evidence is `missing`, never `ok`. Never throws.
 */
export async function proveRow(row: AccessRow, subject: string, trust: Trust): Promise<Findings> {
  const isPinned = trust.vkeys.some((vkey) => vkey.startsWith(`${row.leaf.log}+`));
  if (row.evidence === undefined || !isPinned) return NOTHING;
  try {
    return await recompute(row, row.evidence, subject, trust);
  } catch {
    // A browser without these signatures: nothing is shown to be false by that.
    return NOTHING;
  }
}

const NOTHING: Findings = { 'in-log': 'missing', 'about-you': 'missing', 'as-shown': 'missing', outcome: 'missing' };

async function recompute(
  row: AccessRow,
  evidence: NonNullable<AccessRow['evidence']>,
  subject: string,
  trust: Trust,
): Promise<Findings> {
  const statement = readStatement(evidence.statement);
  const request = evidence.request === undefined ? statement : await sequelled(evidence.request, statement, trust);
  return {
    'in-log': ruled(await standsAt(evidence, row.leaf, trust)),
    'about-you': ruled(statement !== undefined && isAbout(statement, row, subject)),
    'as-shown': ruled(request !== undefined && isAsShown(request, row)),
    outcome: request === undefined ? 'false' : await outcomeOf(request, row, trust),
  };
}

export function verdictOf(findings: Findings): Verdict {
  const all = Object.values(findings);
  if (all.includes('false')) return 'false';
  return all.includes('missing') ? 'unproven' : 'proven';
}

function ruled(holds: boolean): Finding {
  return holds ? 'ok' : 'false';
}

/** The request of an answer that alone told the subject; undefined unless it stands in the log and the answer is its. */
async function sequelled(
  proven: ProvenStatement,
  answer: Statement | undefined,
  trust: Trust,
): Promise<Statement | undefined> {
  const request = readStatement(proven.statement);
  if (request === undefined || answer === undefined || !isSequelOf(answer, request)) return undefined;
  return (await standsAt(proven, undefined, trust)) ? request : undefined;
}

function isAbout({ payload }: Statement, { role, evidence }: AccessRow, subject: string): boolean {
  const opening = evidence?.opening;
  const r = opening === undefined ? undefined : fromBase64Url(opening.r);
  if (opening === undefined || r === undefined || opening.kind !== role) return false;
  const { country, type, code, position } = opening;
  const stated = role === 'subject' ? listed(payload, 'subj') : listed(payload, 'user');
  const commitment = stated[position];
  return (
    `${country}/${type}/${code}` === subject &&
    commitment !== undefined &&
    opens(role, commitment, { r, country, type, code })
  );
}

function isAsShown({ payload }: Statement, row: AccessRow): boolean {
  if (payload.t !== 'exchange.requested') return false;
  const { id, from, to, svc, ep, ts, pur, law } = payload;
  const shown = [row.exchangeId, row.consumer.id, row.provider.id, row.service.id, row.endpoint, Date.parse(row.at)];
  const codes = [row.purpose.code, row.legalBasis.code];
  const isSaid = [id, from, to, svc, ep, ts, pur, law].every((said, at) => said === [...shown, ...codes][at]);
  return isSaid && (row.endUser === 'none') === (listed(payload, 'user').length === 0);
}

/**
 * The row's outcome by the statements that it brings. A log proves what stands in it, never what does not: so that nothing
 * was given out is proven only by the provider's own word, and is `missing` without it.
 */
async function outcomeOf(request: Statement, row: AccessRow, trust: Trust): Promise<Finding> {
  const proven = row.evidence?.sequels ?? [];
  const said = await Promise.all(proven.map((sequel) => sequelOf(sequel, request, trust)));
  if (said.includes(undefined)) return 'false';
  if (said.length === 0) return 'missing';
  const ending = said.find((sequel) => sequel?.payload.t === `exchange.${row.outcome}`);
  if (ending === undefined || Reflect.get(ending.payload, 'st') !== row.status) return 'false';
  return disclosureOf(said, row);
}

function disclosureOf(said: readonly (Statement | undefined)[], row: AccessRow): Finding {
  const disclosure = said.find(discloses);
  if (row.disclosed !== (disclosure !== undefined)) return 'false';
  if (row.disputed !== Number(Reflect.get(disclosure?.payload ?? {}, 'n') ?? 0) > 0) return 'false';
  return row.disclosed || said.some(isProvidersWord) ? 'ok' : 'missing';
}

/** Only the provider answers, and refuses what was requested. */
function isProvidersWord(statement: Statement | undefined): boolean {
  const type = statement?.payload.t;
  return type === 'exchange.answered' || type === 'exchange.refused';
}

/** Undefined unless it stands in the log and speaks of this request. */
async function sequelOf(proven: ProvenStatement, first: Statement, trust: Trust): Promise<Statement | undefined> {
  const read = readStatement(proven.statement);
  return read !== undefined && isSequelOf(read, first) && (await standsAt(proven, undefined, trust)) ? read : undefined;
}

/** A 2xx answer is a disclosure, whatever else was said (`statements.md` §3). */
function discloses(statement: Statement | undefined): boolean {
  const payload = statement?.payload;
  const status = payload?.t === 'exchange.answered' ? payload.st : undefined;
  return status !== undefined && status >= 200 && status <= 299;
}

function listed(payload: Statement['payload'], field: 'subj' | 'user'): readonly string[] {
  const value: unknown = Reflect.get(payload, field);
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}
