import { Frontier } from './frontier.js';
import { GrowingTree } from './growing-tree.js';
import { leafHash } from './hashing.js';

const leaves = Array.from({ length: 600 }, (_, at) => leafHash(Buffer.from(`leaf-${at}`)));

describe('the frontier of a log that is read leaf by leaf', () => {
  it('has the root of the tree at every size, also when it was put away in between', () => {
    let frontier = Frontier.empty();
    let tree = GrowingTree.empty();
    for (const leaf of leaves) {
      const kept = Frontier.parse(frontier.size, frontier.bytes());
      frontier = (kept ?? Frontier.empty()).extend([leaf]);
      tree = tree.extend([leaf]).next;
      expect(frontier.root()).toEqual(tree.root());
    }
    expect(frontier.root().toString('hex')).toBe(Frontier.empty().extend(leaves).root().toString('hex'));
    expect(frontier.bytes()).toEqual(tree.frontier());
  });

  it('knows the roots of the specification', () => {
    const rootOf = (size: number) => Frontier.empty().extend(leaves.slice(0, size)).root().toString('hex');
    expect([0, 1, 7, 257].map(rootOf)).toEqual([
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
      '305df59f9590c3c9ac63d2b2743c388e3792449078cebf7fb3dbe6471643b2b7',
      '0b007fb915eb9b2a146f54b1c86ec53b664f8e455b7660b0b6ee13edc0d921c0',
      '45d7e207b9bd948a0b1e55162edc386453c8a9853b5f3c457e25716c0be98ec2',
    ]);
  });

  it('is left as it was by an append', () => {
    const before = Frontier.empty().extend(leaves.slice(0, 5));
    const root = before.root();
    before.extend(leaves.slice(5));
    expect([before.size, before.root()]).toEqual([5, root]);
  });

  it('is refused where size and heights disagree', () => {
    const bytes = Frontier.empty().extend(leaves.slice(0, 6)).bytes();
    for (const size of [0, 5, 7, -1, 6.5]) expect(Frontier.parse(size, bytes)).toBeUndefined();
    expect(Frontier.parse(6, bytes.subarray(1))).toBeUndefined();
    expect(Frontier.parse(6, Buffer.concat([bytes.subarray(33), bytes.subarray(0, 33)]))).toBeUndefined();
    expect(Frontier.parse(0, Buffer.alloc(0))?.root()).toEqual(Frontier.empty().root());
  });
});
