import type { DefinitionService } from '../definition/definition.service.js';
import { OPEN_STATES } from './change-state.js';
import { leafViewOf, viewOf, type ChangesPage, type OneChange, type PresentDefinition } from './change-view.js';
import { inputOf } from './change-planner.service.js';
import { stateOf, type ChangeStore, type ListedChange } from './change.store.js';
import type { ChangesQuery, HistoryQuery } from './changes.dto.js';
import type { ChangesService } from './changes.service.js';
import type { SignedIn } from './officer-auth.service.js';
import { forbiddenChange, hasRole, maySee, SEES_ALL } from './permissions.js';

const PAGE = 50;
const SETTLE_MS = 5_000;
const LOOK_EVERY_MS = 50;

/** What officers read: requests and their history, each as far as it is theirs. */
export class ChangeReader {
  constructor(
    private readonly instance: string,
    private readonly store: ChangeStore,
    private readonly definitions: DefinitionService,
    private readonly changes: ChangesService,
  ) {}

  async definition(by: SignedIn): Promise<PresentDefinition> {
    const { version, body } = await this.definitions.definition();
    const { officers, ...definition } = body ?? { officers: [] };
    return { version, definition: hasRole(by, SEES_ALL) ? { ...definition, officers } : definition };
  }

  async list(by: SignedIn, { after = 0, limit = PAGE, open = false }: ChangesQuery): Promise<ChangesPage> {
    return this.page(by, limit, await this.store.list({ after, limit, isOpen: open }));
  }

  async history(by: SignedIn, { kind, id, after = 0, limit = PAGE }: HistoryQuery): Promise<ChangesPage> {
    return this.page(by, limit, await this.store.ofObject(kind, id, { after, limit }));
  }

  async one(by: SignedIn, id: string): Promise<OneChange> {
    const change = await this.changes.seen(by, id);
    // Who may see every request may check its leaf; to others it would name persons.
    const seesAll = hasRole(by, SEES_ALL);
    const leaf = seesAll ? await this.store.leafOf(id) : undefined;
    const decides = forbiddenChange('approve', by, change.changes, this.instance) === undefined;
    const items = seesAll || decides ? { items: inputOf(change).patch } : {};
    return { ...viewOf(change), ...items, ...(leaf === undefined ? {} : { leaf: leafViewOf(leaf) }) };
  }

  /** The same, once it has taken effect or after some seconds: the log may be slow, or the time not come. */
  async settled(by: SignedIn, id: string): Promise<OneChange> {
    const deadline = Date.now() + SETTLE_MS;
    for (;;) {
      const found = await this.store.change(id);
      const isOpen = found !== undefined && OPEN_STATES.includes(stateOf(found));
      if (!isOpen || found.effectiveAtMs !== undefined || Date.now() >= deadline) return this.one(by, id);
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  }

  /** Pages are cut before what the reader may not see is left out, so one may hold fewer than were asked for. */
  private page(by: SignedIn, limit: number, found: readonly ListedChange[]): ChangesPage {
    const { instance } = this;
    const seen = found.filter(({ changes, events }) => maySee(by, changes, events[0]?.person ?? '', instance));
    const last = found.at(-1);
    return {
      changes: seen.map(viewOf),
      ...(found.length < limit || last === undefined ? {} : { next: last.sequence }),
    };
  }
}
