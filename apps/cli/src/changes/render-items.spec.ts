import { expect, it } from '@jest/globals';
import { itemLines } from './render-items.js';

const plain = (_colour: string, text: string) => text;

it('shows what goes, what comes and what stands around it', () => {
  const was = { code: 'a', from: 1, day: 2, to: 3, far: 4, farther: 5, farthest: 6 };
  const now = { ...was, day: 7, quota: 8 };
  expect(itemLines({ list: 'members', was, now }, plain)).toEqual([
    ...['members:', '  code: a', '  from: 1', '- day: 2', '+ day: 7', '  to: 3', '  far: 4'],
    ...['  farther: 5', '  farthest: 6', '+ quota: 8'],
  ]);
});

it('shows all of what is new or goes, and lets nothing of it steer the terminal', () => {
  expect(itemLines({ list: 'purposes', now: { code: 'a\u001b[8m' } }, plain)).toEqual([
    'purposes:',
    '+ code: "a\\e[8m"',
  ]);
  expect(itemLines({ list: 'purposes', was: { code: 'a\u202eb' } }, plain)).toEqual(['purposes:', '- code: a\ufffdb']);
});
