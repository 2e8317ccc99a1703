import { expect, it } from '@jest/globals';
import { grantStatements } from './access-plan.js';

const plan = {
  grows: { insert: true, triggers: ['only_grows'], calls: ['make_part(int)'] },
  head: { update: ['size', 'note'] },
  row: { insert: true, update: true, erasable: true },
} as const;

it('gives the app what the plan names, the eraser what is erasable, the reader nothing but reading', () => {
  const grants = grantStatements('flags', plan, { app: 'writer', eraser: 'eraser', reader: 'reader' }).filter((text) =>
    text.startsWith('GRANT'),
  );
  expect(grants).toEqual([
    'GRANT USAGE ON SCHEMA flags TO "writer", "eraser", "reader"',
    'GRANT SELECT ON ALL TABLES IN SCHEMA flags TO "writer", "reader"',
    'GRANT INSERT ON flags."grows" TO "writer"',
    'GRANT EXECUTE ON FUNCTION flags.make_part(int) TO "writer"',
    'GRANT UPDATE ("size", "note") ON flags."head" TO "writer"',
    'GRANT INSERT ON flags."row" TO "writer"',
    'GRANT UPDATE ON flags."row" TO "writer"',
    'GRANT SELECT, DELETE ON flags."row" TO "eraser"',
  ]);
});

it('takes everything from everybody first, whatever a role is called', () => {
  const [first] = grantStatements('flags', plan, { app: 'a"; DROP ROLE b; --' });
  expect(first).toBe('REVOKE ALL ON SCHEMA flags FROM PUBLIC, "a""; DROP ROLE b; --"');
});
