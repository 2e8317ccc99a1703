import { SubjectSketch } from './subject-sketch.js';

const HOUR_MS = 60 * 60_000;
const SLOTS = 6;
const SLOT_MS = HOUR_MS / SLOTS;

/** Different subjects within the last hour, in steps of ten minutes. */
export class SubjectWindow {
  /** By number of the slot; at most as many as an hour has. */
  private readonly slots = new Map<number, SubjectSketch>();
  /** The sum of the slots; undefined when it has changed. */
  private known: number | undefined;

  /** The number with this one. */
  add(hash: Buffer, nowMs: number): number {
    this.age(nowMs);
    const slot = Math.floor(nowMs / SLOT_MS);
    let sketch = this.slots.get(slot);
    if (sketch === undefined) {
      sketch = new SubjectSketch();
      this.slots.set(slot, sketch);
    }
    if (sketch.add(hash)) this.known = undefined;
    return this.size(nowMs);
  }

  size(nowMs: number): number {
    this.age(nowMs);
    this.known ??= this.slots.size === 0 ? 0 : Math.round(SubjectSketch.estimate([...this.slots.values()]));
    return this.known;
  }

  /** Also drops what a clock that was put back has left in the future. */
  private age(nowMs: number): void {
    const newest = Math.floor(nowMs / SLOT_MS);
    for (const slot of this.slots.keys())
      if (slot <= newest - SLOTS || slot > newest) {
        this.slots.delete(slot);
        this.known = undefined;
      }
  }
}

/** Whole seconds until the oldest subjects of a window are forgotten. */
export function secondsUntilOlder(nowMs: number): number {
  return Math.ceil((SLOT_MS - (nowMs % SLOT_MS)) / 1_000);
}
