import { diff } from 'node:util';
import { stringify } from 'yaml';
import type { Terminal } from '../terminal/terminal.js';
import { harmless } from '../terminal/harmless.js';

/** An item of the definition before and after. */
export interface ShownItem {
  readonly list: string;
  readonly was?: unknown;
  readonly now?: unknown;
}

const AROUND = 2;

/** What a request says of each item, line by line, with what stands around it. Whoever asked wrote it. */
export function itemLines({ list, was, now }: ShownItem, paint: Terminal['paint']): string[] {
  // Of `diff`, 1 stands in its first argument alone, -1 in its second.
  const lines = diff(yamlLines(was), yamlLines(now)).map(([op, line]) => ({ op, line: harmless(line) }));
  const shown = lines.flatMap(({ op, line }, index) => {
    if (op !== 0) return [op > 0 ? paint('red', `- ${line}`) : paint('green', `+ ${line}`)];
    const isNear = lines.slice(Math.max(0, index - AROUND), index + AROUND + 1).some((near) => near.op !== 0);
    return isNear ? [paint('dim', `  ${line}`)] : [];
  });
  return [`${list}:`, ...shown];
}

function yamlLines(item: unknown): string[] {
  return item === undefined ? [] : stringify(item).trimEnd().split('\n');
}
