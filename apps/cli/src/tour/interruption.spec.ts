import { cliErrors } from '../cli.errors.js';
import { inTurn } from './in-turn.js';
import { interruptible } from './interruption.service.js';

describe('interruptible', () => {
  it('ends nothing by itself, however often Ctrl-C comes, and listens no longer than it works', async () => {
    const done: string[] = [];
    const listening = process.listenerCount('SIGINT');
    const work = interruptible((signal) =>
      inTurn(
        () => {
          process.emit('SIGINT');
          signal.throwIfAborted();
          return Promise.resolve();
        },
        () => {
          process.emit('SIGINT');
          return Promise.resolve(done.push('put back'));
        },
      ),
    );
    await expect(work).rejects.toMatchObject({ code: 'tour-interrupted' });
    expect([done, process.listenerCount('SIGINT')]).toEqual([['put back'], listening]);
  });
});

describe('inTurn', () => {
  it('does each, and throws what went wrong first', async () => {
    const done: number[] = [];
    const failing = (place: number) => () => {
      done.push(place);
      return Promise.reject(cliErrors.error('tour-astray', { extensions: { place } }));
    };
    const all = inTurn(
      () => Promise.resolve(done.push(0)),
      failing(1),
      failing(2),
      () => Promise.resolve(done.push(3)),
    );
    await expect(all).rejects.toMatchObject({ extensions: { place: 1 } });
    expect(done).toEqual([0, 1, 2, 3]);
  });
});
