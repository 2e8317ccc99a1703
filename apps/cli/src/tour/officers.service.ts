import type { Guide } from './guide.service.js';

export interface OfficersOptions {
  readonly registryUrl: string;
  readonly issuerUrl: string;
  readonly registryClient: string;
  readonly keysDir: string;
  /** Whose part of a definition they change, `CLASS/CODE`. */
  readonly member: string;
  readonly tokenFile: string;
}

const ASKER = 'OFF000006';
const APPROVER = 'OFF000007';
/** `kerege apply` tells the id of what it has asked for on a line of its own. */
const ID = /^[0-9a-f]{8}-[0-9a-f-]{27}$/mu;

/** Two test identities of the sandbox: one asks, the other approves. */
export class Officers {
  /** The request that the registry took last. */
  private last: { readonly id: string; readonly isApproved: boolean } | undefined;

  constructor(
    private readonly options: OfficersOptions,
    private readonly guide: Guide,
  ) {}

  /** Signs in who asks. Demanded, or putting back would undo what a visitor has changed. */
  async demandSame(file: string): Promise<void> {
    await this.signIn(ASKER);
    const said = await this.guide.done(...this.apply(file, 'tour'), '--dry-run');
    this.guide.demand(
      said.includes('No changes'),
      `that the registry says of ${this.options.member} what ${file} says`,
    );
  }

  /** Asked for by who has signed in last; `guide`: another one for what is not to be interrupted. */
  async change(file: string, reason: string, guide = this.guide): Promise<'changed' | 'same'> {
    const { code, output } = await guide.kerege(...this.apply(file, reason), '--yes');
    const [id] = ID.exec(output) ?? [];
    // Asked for is asked for, also where the command failed after that.
    if (id !== undefined) this.last = { id, isApproved: false };
    guide.demand(code === 0, 'exit code 0 of kerege apply');
    if (id === undefined) return 'same';
    await this.signIn(APPROVER, guide);
    await guide.done('changes', 'approve', id, '--yes', ...this.desk());
    this.last = { id, isApproved: true };
    return 'changed';
  }

  /**
   * Makes the registry say again what the file says. A request that nobody approved is withdrawn; where that is refused
   * its approval may have worked though it seemed to fail, so it is changed back like one that was approved.
   */
  async restore(file: string): Promise<void> {
    if (this.last === undefined) return;
    const { id, isApproved } = this.last;
    const guide = this.guide.uninterrupted();
    await this.signIn(ASKER, guide);
    if (!isApproved && (await this.withdraw(id, guide))) return;
    const outcome = await this.change(file, 'the investigation is over', guide);
    guide.demand(isApproved || outcome === 'changed', `that nobody can approve ${id} any more`);
  }

  private async withdraw(id: string, guide: Guide): Promise<boolean> {
    const { code } = await guide.kerege('changes', 'withdraw', id, '--reason', 'the tour has ended', ...this.desk());
    return code === 0;
  }

  private async signIn(person: string, guide = this.guide): Promise<void> {
    const { issuerUrl, registryClient, tokenFile } = this.options;
    const where = ['--issuer', issuerUrl, '--client', registryClient, '--token-file', tokenFile];
    await guide.done('login', '--person', person, ...where);
  }

  private apply(file: string, reason: string): string[] {
    const { keysDir, member } = this.options;
    return ['apply', '-f', file, '--member', member, '--keys', keysDir, '--reason', reason, ...this.desk()];
  }

  private desk(): string[] {
    return ['--registry', this.options.registryUrl, '--token-file', this.options.tokenFile];
  }
}
