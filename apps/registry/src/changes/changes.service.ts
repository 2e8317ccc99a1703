import { newExchangeId, type Clock } from '#kernel';
import { applyErrors } from '../definition/apply.errors.js';
import type { DefinitionService, Present } from '../definition/definition.service.js';
import { planChange } from '../definition/plan-change.js';
import { changeErrors } from './change.errors.js';
import type { Hindrance, ChangeInput, ChangePlanner } from './change-planner.service.js';
import { entryDigest, inputOf, reasonOf } from './change-planner.service.js';
import { afterAct, type ChangeAct } from './change-state.js';
import { stateOf, type ChangeStore, type NewEvent, type StoredChange } from './change.store.js';
import type { ChangeRequestDto, SuspensionDto } from './changes.dto.js';
import { bodyOf, entriesOf, patchBetween, type ListPatch } from './definition-patch.js';
import type { SignedIn } from './officer-auth.service.js';
import { forbiddenChange, hasRole, MAY_SUSPEND, maySee, rolesFor, type Act } from './permissions.js';
import type { Change } from '../definition/differences.js';

/** More than people decide about; so that nobody fills the registry by asking. */
const MAX_OPEN = 500;
const YEAR_MS = 366 * 86_400_000;
const MAX_MEANWHILE = 50;

/** What a request would do, and which one it is; none where there is nothing to do or it was only tried. */
export interface Requested {
  readonly id?: string;
  readonly changes: readonly Change[];
}

/**
 * Asking for changes and deciding about them. A person may ask for what their role reaches, another one may approve what
 * theirs does, and what then takes effect (`effecting.worker.ts`) is exactly what both have seen.
 */
export class ChangesService {
  constructor(
    private readonly ownInstanceId: string,
    private readonly store: ChangeStore,
    private readonly definitions: DefinitionService,
    private readonly planner: ChangePlanner,
    private readonly clock: Clock,
    /** Something may be due. */
    private readonly wake: () => void,
  ) {}

  async request(by: SignedIn, dto: ChangeRequestDto): Promise<Requested> {
    await this.definitions.checkDocuments(dto.openapi ?? []);
    const present = await this.definitions.present();
    const known = dto.id === undefined ? undefined : await this.store.change(dto.id);
    if (known !== undefined) return this.again(by, known, dto);
    if (dto.base !== present.version) throw await this.stale(dto.base, present.version);
    const effectiveAtMs = this.timeOf(dto.effectiveAt);
    const input = this.inputOf(dto, present);
    const { changes } = (await this.planned(input)).plan;
    this.demand('request', by, changes);
    if (changes.length === 0 || dto.dryRun === true) return { changes };
    const id = dto.id ?? newExchangeId();
    await this.insert({ id, base: dto.base, input, changes, reason: dto.reason, effectiveAtMs, isEmergency: false }, [
      this.event('REQUESTED', by, rolesFor('request', by, changes)),
    ]);
    return { id, changes };
  }

  /** A stop in an emergency: one person, at once. Taking it away again is a change like any other, and needs two. */
  async suspend(by: SignedIn, { id = newExchangeId(), reason, ...what }: SuspensionDto): Promise<Requested> {
    if (!hasRole(by, MAY_SUSPEND)) throw changeErrors.error('change-forbidden');
    const known = await this.store.change(id);
    if (known !== undefined && known.isEmergency && known.events[0]?.person === by.person)
      return { id, changes: known.changes };
    const { version: base, body } = await this.definitions.present();
    const entries = body === undefined ? [] : entriesOf(body, { suspensions: { put: [{ ...what, reason }] } });
    // Stopped already, for this reason or another.
    const isThere = body !== undefined && entries.length === 0;
    if (isThere || entries.some(({ was }) => was !== undefined)) throw changeErrors.error('change-decided');
    const input = { patch: entries, documents: [], openapi: [] };
    const { changes } = (await this.planned(input)).plan;
    const roles = MAY_SUSPEND.join(' ');
    await this.insert({ id, base, input, changes, reason, effectiveAtMs: undefined, isEmergency: true }, [
      this.event('REQUESTED', by, roles),
      this.event('APPROVED', by, roles),
    ]);
    this.wake();
    return { id, changes };
  }

  /** Repeated by who has approved it, it says the same again. */
  async approve(by: SignedIn, id: string): Promise<void> {
    const change = await this.seen(by, id);
    this.demandOther(by, change);
    this.demand('approve', by, change.changes);
    if (change.events.some(({ state, person }) => state === 'APPROVED' && person === by.person)) return;
    this.demandStep(change, 'approve');
    const planned = await this.planner.planAgain(inputOf(change), change.changes);
    if (!planned.ok) throw await this.hindered(change, planned.reason);
    await this.append(change, this.event('APPROVED', by, rolesFor('approve', by, change.changes)));
    this.wake();
  }

  async reject(by: SignedIn, id: string, reason: string): Promise<void> {
    const change = await this.seen(by, id);
    this.demandOther(by, change);
    this.demand('approve', by, change.changes);
    if (isLast(change, 'REJECTED', by)) return;
    this.demandStep(change, 'reject');
    await this.append(change, { ...this.event('REJECTED', by, rolesFor('approve', by, change.changes)), reason });
  }

  /** By who has asked for it, and nobody else. */
  async withdraw(by: SignedIn, id: string, reason: string): Promise<void> {
    const change = await this.seen(by, id);
    if (change.events[0]?.person !== by.person) throw changeErrors.error('change-forbidden');
    if (isLast(change, 'WITHDRAWN', by)) return;
    this.demandStep(change, 'withdraw');
    await this.append(change, { ...this.event('WITHDRAWN', by), reason });
  }

  /** The request, if this person may see it; else there is none. */
  async seen(by: SignedIn, id: string): Promise<StoredChange> {
    const change = await this.store.change(id);
    const requestedBy = change?.events[0]?.person ?? '';
    if (change === undefined || !maySee(by, change.changes, requestedBy, this.instance))
      throw changeErrors.error('change-unknown');
    return change;
  }

  private get instance(): string {
    return this.ownInstanceId.split('/')[0] ?? '';
  }

  private inputOf(dto: ChangeRequestDto, present: Present): ChangeInput {
    const { standing, body } = present;
    if (body === undefined || (dto.definition === undefined) === (dto.patch === undefined))
      throw changeErrors.error('change-input-invalid');
    const { documents = [], openapi = [] } = dto;
    const withWas = (sent: typeof documents) =>
      sent.map(({ member, document, keyChain }) => {
        const was = entryDigest(standing, member);
        return { member, document, keyChain, ...(was === undefined ? {} : { was }) };
      });
    // The plan judges what comes of it, as the schema of a definition has it.
    if (dto.definition === undefined) {
      const patch = entriesOf(body, dto.patch as ListPatch);
      return { patch, documents: withWas(documents), openapi };
    }
    // By the text as it was sent, so that problems are found at their lines.
    const planned = planChange(
      { definition: dto.definition, documents, openapi },
      standing,
      this.ownInstanceId,
      this.clock.now(),
    );
    if (!planned.ok) throw applyErrors.error('definition-refused', { extensions: { problems: planned.reason } });
    const { members, definition } = planned.value;
    const touched = new Set<string>(
      members.flatMap((member) => {
        const id = member.document.member;
        return standing.members.get(id) === member ? [] : [id];
      }),
    );
    return {
      patch: patchBetween(body, bodyOf(definition)),
      documents: withWas(documents.filter(({ member }) => touched.has(member))),
      openapi: openapi.filter(({ path, digest }) => digest === undefined || present.openapi[path] !== digest),
    };
  }

  private async planned(input: ChangeInput) {
    const planned = await this.planner.plan(input);
    if (planned.ok) return planned.value;
    if (planned.reason.kind === 'moved') throw changeErrors.error('change-superseded');
    throw applyErrors.error('definition-refused', { extensions: { problems: planned.reason.problems } });
  }

  private async insert(
    change: Omit<StoredChange, 'events' | 'input'> & { readonly input: ChangeInput },
    events: readonly NewEvent[],
  ): Promise<void> {
    if (!change.isEmergency && (await this.store.openCount()) >= MAX_OPEN) throw changeErrors.error('changes-full');
    const input = JSON.stringify(change.input);
    if (!(await this.store.insert({ ...change, input, events }))) throw changeErrors.error('change-id-taken');
  }

  /** The same person asks the same again, perhaps because no answer came. */
  private again(by: SignedIn, known: StoredChange, dto: ChangeRequestDto): Requested {
    const isSame = known.events[0]?.person === by.person && known.base === dto.base && known.reason === dto.reason;
    if (!isSame) throw changeErrors.error('change-id-taken');
    return { id: known.id, changes: known.changes };
  }

  private async stale(base: number, version: number) {
    return changeErrors.error('change-base-stale', { extensions: { version, meanwhile: await this.meanwhile(base) } });
  }

  /** What took effect since. */
  private async meanwhile(base: number) {
    const since = await this.store.since(base, MAX_MEANWHILE);
    return since.map(({ id, changes }) => ({ id, changes }));
  }

  private timeOf(text: string | undefined): number | undefined {
    if (text === undefined) return undefined;
    const atMs = Date.parse(text);
    const inMs = atMs - this.clock.now();
    if (!(inMs > 0 && inMs < YEAR_MS)) throw changeErrors.error('change-time-past');
    return atMs;
  }

  private demand(act: Act, by: SignedIn, changes: readonly Change[]): void {
    const forbidden = forbiddenChange(act, by, changes, this.instance);
    if (forbidden === undefined) return;
    const { op, kind, id } = forbidden;
    throw changeErrors.error('change-forbidden', { extensions: { change: { op, kind, id } } });
  }

  private demandOther(by: SignedIn, { events }: StoredChange): void {
    if (events[0]?.person === by.person) throw changeErrors.error('change-four-eyes');
  }

  private demandStep(change: StoredChange, act: ChangeAct): void {
    const state = stateOf(change);
    if (afterAct(state, act) === undefined) throw changeErrors.error('change-decided', { extensions: { state } });
  }

  private async append(change: StoredChange, event: NewEvent): Promise<void> {
    if (await this.store.append(change.id, change.events.length + 1, event)) return;
    const now = await this.store.change(change.id);
    const state = now === undefined ? 'REQUESTED' : stateOf(now);
    throw changeErrors.error('change-decided', { extensions: { state } });
  }

  private async hindered(change: StoredChange, hindrance: Hindrance) {
    if (hindrance.kind === 'impossible')
      return changeErrors.error('change-impossible', { extensions: { problems: hindrance.problems } });
    await this.append(change, { state: 'SUPERSEDED', atMs: this.clock.now(), reason: reasonOf(hindrance) });
    return changeErrors.error('change-superseded', { extensions: { meanwhile: await this.meanwhile(change.base) } });
  }

  private event(state: NewEvent['state'], { person, issuer }: SignedIn, roles?: string): NewEvent {
    return { state, atMs: this.clock.now(), person, issuer, ...(roles === undefined ? {} : { roles }) };
  }
}

function isLast({ events }: StoredChange, state: NewEvent['state'], { person }: SignedIn): boolean {
  const last = events.at(-1);
  return last?.state === state && last.person === person;
}
