import { exportEnd, exportHead, exportLine } from './export-format.js';

const leaf = {
  index: 7,
  type: 'exchange.answered',
  exchange: '01926f5e-7a3c-7000-8000-000000000001',
  at: '2026-11-27T00:00:00.000Z',
  slot: 'p1',
  status: 200,
  leaf: 'a.b.c',
};

describe('an export', () => {
  it('is one JSON object a line, and says at the end how many there were', () => {
    expect(exportHead('jsonl')).toBe('');
    expect(JSON.parse(exportLine('jsonl', leaf))).toEqual(leaf);
    expect(exportEnd('jsonl', { leaves: 1 })).toBe('{"end":{"leaves":1}}\n');
  });

  it('is a table whose rows are as long as its head', () => {
    const [head, row] = [exportHead('csv'), exportLine('csv', leaf)];
    expect(head.startsWith('index,type,')).toBe(true);
    expect(row.split(',')).toHaveLength(head.split(',').length);
    expect(row.endsWith(',a.b.c\r\n')).toBe(true);
  });

  it('has no cell that breaks its row or that a spreadsheet would run', () => {
    const row = exportLine('csv', { ...leaf, purpose: '=1+1', endpoint: 'GET /{a},"b"' });
    expect(row).toContain(",'=1+1,");
    expect(row).toContain(',"GET /{a},""b""",');
  });
});
