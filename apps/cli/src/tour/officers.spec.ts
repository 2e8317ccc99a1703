import { newExchangeId } from '#kernel';
import { Guide, type RunKerege } from './guide.service.js';
import { Officers } from './officers.service.js';

const AS_IT_WAS = 'instance.yaml';
const STOPPED = 'tour.yaml';
/** An outside step failed, or it worked but said that it failed. */
type Fault = 'failed' | 'seemed to fail';

/** What the registry would say of two officers, behind the commands that they type. */
class Registry {
  isStopped = false;
  open: { readonly id: string; readonly isStopping: boolean; readonly by: string } | undefined;
  readonly typed: string[] = [];
  /** How the next of these ends. */
  readonly faults = new Map<string, Fault>();
  onTyped: (name: string) => void = () => undefined;
  private signedIn = '';

  readonly run: RunKerege = (args, { out }) => {
    const name = args[args[0] === 'changes' ? 1 : 0] ?? '';
    this.typed.push(name);
    const fault = this.faults.get(name);
    this.faults.delete(name);
    const isDone = fault !== 'failed' && this.does(name, args, out);
    this.onTyped(name);
    return Promise.resolve(isDone && fault === undefined ? 0 : 3);
  };

  private does(name: string, args: readonly string[], out: (text: string) => void): boolean {
    if (name === 'login') this.signedIn = args[args.indexOf('--person') + 1] ?? '';
    if (name === 'apply') {
      const isStopping = args.includes(STOPPED);
      if (isStopping === this.isStopped) return true;
      this.open = { id: newExchangeId(), isStopping, by: this.signedIn };
      out(`${this.open.id}\n`);
    }
    if (name === 'approve' || name === 'withdraw') {
      const { open } = this;
      if (open === undefined || !args.includes(open.id) || (open.by === this.signedIn) === (name === 'approve'))
        return false;
      if (name === 'approve') this.isStopped = open.isStopping;
      this.open = undefined;
    }
    return true;
  }
}

describe('officers of the tour', () => {
  let registry: Registry;
  let interruption: AbortController;
  let by: Officers;
  beforeEach(async () => {
    registry = new Registry();
    interruption = new AbortController();
    const terminal = { out: () => undefined, tell: () => undefined, paint: (_colour: string, text: string) => text };
    const guide = new Guide(terminal, registry.run, new Map(), interruption.signal);
    const places = { registryUrl: 'r', issuerUrl: 'i', registryClient: 'c', keysDir: 'k', tokenFile: 't' };
    by = new Officers({ ...places, member: 'GOV/1' }, guide);
    await guide.done('login', '--person', 'OFF000006');
  });
  const stop = () => by.change(STOPPED, 'stop');
  const restore = () => by.restore(AS_IT_WAS);

  it('stop by two, and put back by two', async () => {
    expect(await stop()).toBe('changed');
    expect(registry.isStopped).toBe(true);
    await restore();
    expect(registry).toMatchObject({ isStopped: false, open: undefined });
  });

  it('put nothing back where nothing was asked for', async () => {
    registry.faults.set('apply', 'failed');
    await expect(stop()).rejects.toMatchObject({ code: 'tour-astray' });
    await restore();
    expect(registry.typed).toEqual(['login', 'apply']);
  });

  it.each<[string, Fault]>([
    ['apply', 'seemed to fail'],
    ['login', 'failed'],
    ['login', 'seemed to fail'],
    ['approve', 'failed'],
    ['approve', 'seemed to fail'],
  ])('leave nothing stopped and nothing open where %s %s', async (name, fault) => {
    registry.faults.set(name, fault);
    await expect(stop()).rejects.toMatchObject({ code: 'tour-astray' });
    await restore();
    expect(registry).toMatchObject({ isStopped: false, open: undefined });
  });

  it.each<Fault>(['failed', 'seemed to fail'])(
    'say so where nobody knows whether a request waits: %s',
    async (fault) => {
      registry.faults.set('approve', 'failed').set('withdraw', fault);
      await expect(stop()).rejects.toMatchObject({ code: 'tour-astray' });
      await expect(restore()).rejects.toMatchObject({ code: 'tour-astray' });
    },
  );

  it.each(['apply', 'login', 'approve'])('put back what was asked for before Ctrl-C in %s', async (name) => {
    registry.onTyped = (typed) => {
      if (typed === name) interruption.abort();
    };
    await stop().catch(() => undefined);
    await restore();
    expect(registry).toMatchObject({ isStopped: false, open: undefined });
    expect(registry.typed.at(-1)).toBe(name === 'approve' ? 'approve' : 'withdraw');
  });
});
