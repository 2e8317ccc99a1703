import { readFile } from 'node:fs/promises';
import type { Logger } from '#platform';
import { checkApproval, type ApprovalContext } from './start-approval.js';

export interface ApprovalFileOptions extends Pick<ApprovalContext, 'operators' | 'log'> {
  /** Empty: nobody has approved anything. */
  readonly file: string;
  readonly now: () => number;
  readonly logger: Logger;
}

/**
 * What two operators signed. Once accepted it holds for the life of the process: what follows is this process's own log,
 * and a broker that hands the partition back must not need two people again.
 */
export class StartApprovals {
  /** Size at which this process was allowed to start, and the text that allowed it; set by `isApproved`. */
  private accepted: { readonly size: number; readonly text: string } | undefined;

  constructor(private readonly options: ApprovalFileOptions) {}

  async isApproved(size: number): Promise<boolean> {
    if (this.accepted !== undefined) return size >= this.accepted.size;
    const { file, operators, log, now, logger } = this.options;
    if (file === '') return false;
    let text: string;
    try {
      text = await readFile(file, 'utf8');
    } catch (cause) {
      logger.warn({ err: cause, file }, 'the approval of operators cannot be read');
      return false;
    }
    if (!checkApproval(text, { operators, log, size, nowMs: now() }).ok) return false;
    this.accepted = { size, text };
    return true;
  }

  /** What has to become a leaf; undefined if nothing was approved, or its leaf is on its way. */
  take(): { readonly size: number; readonly text: string } | undefined {
    return this.isStated ? undefined : this.accepted;
  }

  /** The leaf is with the broker. */
  stated(): void {
    this.isStated = this.accepted !== undefined;
  }

  private isStated = false;
}
