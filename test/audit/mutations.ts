import type { Mutation } from './tampering.js';

/** Rows of a small log: two full tiles, and a right edge of 100 leaves. */
export const SIZE = 612;
export const MANIFESTS = [0, 605];
/** A leaf of the first tile, one of the last full one, one of the right edge; each of every kind somewhere. */
const PLACES = [8, 300, 600] as const;
const EDGE = 512;

const flip = (column: string, at: string | number) => `set_byte(${column}, ${at}, get_byte(${column}, ${at}) # 1)`;

/** One mutation per byte region of every column that the log authenticates in `log_leaf`. */
export function leafMutations(): Mutation[] {
  return PLACES.flatMap((idx) => {
    const start = idx >= EDGE ? ({ start: true } as const) : {};
    const leaf = (what: string, set: string, more: object = start): Mutation => {
      return { table: 'log_leaf', what, sql: [`UPDATE log_leaf SET ${set} WHERE idx = ${idx}`], ...more };
    };
    const dot = `position('\\x2e'::bytea IN body)`;
    return [
      leaf('body: header', `body = ${flip('body', 5)}`),
      leaf('body: first dot', `body = ${flip('body', `${dot} - 1`)}`),
      leaf('body: payload', `body = ${flip('body', `${dot} + 20`)}`),
      leaf('body: signature', `body = ${flip('body', 'length(body) - 40')}`),
      leaf('body: last byte', `body = ${flip('body', 'length(body) - 1')}`),
      leaf('body: shorter', `body = substring(body FROM 1 FOR length(body) - 1)`),
      leaf('body: longer', `body = body || '\\x00'`),
      leaf('body: empty', `body = ''`),
      ...[0, 15, 31].map((at) => leaf('leaf_hash', `leaf_hash = ${flip('leaf_hash', at)}`)),
      leaf('leaf_hash: shorter', `leaf_hash = substring(leaf_hash FROM 1 FOR 31)`),
      leaf('body with its hash', `body = '\\x61', leaf_hash = sha256('\\x0061')`),
      ...[0, 7, 15].map((at) => leaf('xid', `xid = ${flip('xid', at)}`, {})),
      leaf('xid: longer', `xid = xid || '\\x00'`, {}),
      leaf('slot', `slot = CASE slot WHEN 'p1' THEN 'c1' ELSE 'p1' END`, {}),
      leaf('slot: with a line break', `slot = slot || E'\\nc0'`, {}),
      leaf('signer', `signer = CASE signer WHEN 'TEST/audit1' THEN 'TEST/registry1' ELSE 'TEST/audit1' END`, {}),
      {
        table: 'log_leaf',
        what: 'log_id',
        sql: ['SELECT make_leaf_partition(2)', `UPDATE log_leaf SET log_id = 2 WHERE idx = ${idx}`],
        ...start,
      },
      leaf('idx: far beyond the head', 'idx = 1000000'),
      leaf('idx: below 0', 'idx = -1'),
      { table: 'log_leaf', what: 'row deleted', sql: [`DELETE FROM log_leaf WHERE idx = ${idx}`], ...start },
      {
        table: 'log_leaf',
        what: 'row twice',
        sql: [
          'ALTER TABLE log_leaf DROP CONSTRAINT log_leaf_pkey',
          'ALTER TABLE log_leaf DROP CONSTRAINT log_leaf_log_id_xid_slot_signer_key',
          `INSERT INTO log_leaf SELECT * FROM log_leaf WHERE idx = ${idx}`,
        ],
        ...start,
      },
      { table: 'log_leaf', what: 'rows swapped', sql: swapped(idx, idx + 2), ...start },
      {
        table: 'log_leaf',
        what: 'row deleted, the rest renumbered',
        sql: [
          `CREATE TEMP TABLE rest ON COMMIT DROP AS SELECT * FROM log_leaf WHERE idx > ${idx}`,
          `DELETE FROM log_leaf WHERE idx >= ${idx}`,
          'INSERT INTO log_leaf SELECT log_id, idx - 1, xid, slot, signer, leaf_hash, body, kafka_offset FROM rest',
        ],
        start: true,
      },
    ] satisfies Mutation[];
  });
}

/** The whole of one leaf's story told as another role's: consistent in itself, but not with the key. */
export const roleMutations: readonly Mutation[] = [
  // Of the kinds, 2 is a failure that the consumer's side states, 3 one of the provider's, 4 of the bus.
  { table: 'log_leaf', what: 'slot and signer of another side', sql: [roleOf(10, 'p1', 'TEST/GOV/1001/population')] },
  { table: 'log_leaf', what: 'slot and signer of another side', sql: [roleOf(11, 'c1', 'TEST/GOV/1000/mygov')] },
  { table: 'log_leaf', what: 'slot and signer of another side', sql: [roleOf(12, 'c1', 'TEST/GOV/1000/mygov')] },
  { table: 'log_leaf', what: 'slot and signer of another side', sql: [roleOf(7, '-', 'TEST/registry1')] },
  { table: 'log_leaf', what: 'a tile of rows deleted', sql: ['DELETE FROM log_leaf WHERE idx < 256'] },
  { table: 'log_leaf', what: 'all rows deleted', sql: ['DELETE FROM log_leaf'], start: true },
  {
    table: 'log_leaf',
    what: 'rows beyond the head',
    sql: [`INSERT INTO log_leaf VALUES (1, ${SIZE}, '\\x00', '-', 'x', '\\x00', '\\x00', 5000)`],
    start: true,
  },
  {
    table: 'log_leaf',
    what: 'rows of a log without a head',
    sql: [
      'SELECT make_leaf_partition(7)',
      `INSERT INTO log_leaf VALUES (7, 0, '\\x00', '-', 'x', '\\x00', '\\x00', 5000)`,
    ],
  },
];

/** Hash by hash, every part of a full tile, and every byte of its root. */
export function tileMutations(): Mutation[] {
  const tile = (what: string, sql: string): Mutation => ({ table: 'log_tile', what, sql: [sql] });
  const at = 'WHERE lvl = 0 AND idx = 0';
  return [
    ...every(256).map((n) =>
      tile('data: each hash', `UPDATE log_tile SET data = ${flip('data', n * 32 + (n % 32))} ${at}`),
    ),
    ...every(32).map((n) => tile('root: each byte', `UPDATE log_tile SET root = ${flip('root', n)} ${at}`)),
    tile('data: shorter', `UPDATE log_tile SET data = substring(data FROM 1 FOR 8160) ${at}`),
    tile('data: longer', `UPDATE log_tile SET data = data || '\\x00' ${at}`),
    tile('root: longer', `UPDATE log_tile SET root = root || '\\x00' ${at}`),
    tile('row deleted', `DELETE FROM log_tile ${at}`),
    tile('lvl', `UPDATE log_tile SET lvl = 1 ${at}`),
    tile('lvl below 0', `UPDATE log_tile SET lvl = -1 ${at}`),
    tile('lvl above all', `UPDATE log_tile SET lvl = 9 ${at}`),
    tile('idx', `UPDATE log_tile SET idx = 2 ${at}`),
    tile('idx below 0', `UPDATE log_tile SET idx = -1 ${at}`),
    tile('log_id', `UPDATE log_tile SET log_id = 2 ${at}`),
    tile('row beyond the head', `INSERT INTO log_tile SELECT log_id, lvl, 2, root, data FROM log_tile ${at}`),
    tile('row of a log without a head', `INSERT INTO log_tile SELECT 7, lvl, idx, root, data FROM log_tile ${at}`),
    {
      table: 'log_tile',
      what: 'rows swapped',
      sql: [
        'CREATE TEMP TABLE both_tiles ON COMMIT DROP AS SELECT * FROM log_tile',
        'DELETE FROM log_tile',
        'INSERT INTO log_tile SELECT log_id, lvl, 1 - idx, root, data FROM both_tiles',
      ],
    },
  ];
}

/** Every byte of what the head signs and of the signature. */
export function headMutations(sizes: { readonly frontier: number; readonly note: number }): Mutation[] {
  const head = (what: string, set: string): Mutation => {
    return { table: 'log_head', what, sql: [`UPDATE log_head SET ${set}`], start: true, besideLeaves: true };
  };
  const text = (at: number) =>
    `note = convert_from(set_byte(convert_to(note, 'UTF8'), ${at}, get_byte(convert_to(note, 'UTF8'), ${at}) # 1), 'UTF8')`;
  return [
    ...every(32).map((n) => head('root: each byte', `root = ${flip('root', n)}`)),
    ...every(sizes.frontier).map((n) => head('frontier: each byte', `frontier = ${flip('frontier', n)}`)),
    ...every(sizes.note).map((n) => head('note: each byte', text(n))),
    ...[0, 1, SIZE - 100, SIZE - 1, SIZE + 1, SIZE + 256].map((size) => head('size', `size = ${size}`)),
    head('frontier: empty', `frontier = ''`),
    head('note: empty', `note = ''`),
    head('note: another line', `note = note || E'\\u2014 x AAAA\\n'`),
    head('origin', `origin = 'another.example/log'`),
    head('log_id', 'log_id = 2'),
    { table: 'log_head', what: 'row deleted', sql: ['DELETE FROM log_head'], start: true, besideLeaves: true },
  ];
}

export function manifestMutations(snapshotBytes: readonly number[]): Mutation[] {
  const at = (idx: number) => `WHERE idx = ${idx}`;
  const manifest = (what: string, sql: string): Mutation => ({ table: 'manifest', what, sql: [sql] });
  const snapshot = (what: string, sql: string): Mutation => ({ table: 'snapshot', what, sql: [sql] });
  const inside = (what: string, sql: string): Mutation => ({ ...snapshot(what, sql), besideLeaves: true });
  return [
    ...MANIFESTS.flatMap((idx) => [
      manifest('number', `UPDATE manifest SET number = number + 1 ${at(idx)}`),
      ...[0, 31].map((n) => manifest('digest', `UPDATE manifest SET digest = ${flip('digest', n)} ${at(idx)}`)),
      manifest('digests', `UPDATE manifest SET digests = overlay(digests PLACING 'x' FROM 20) ${at(idx)}`),
      manifest('digests: another line', `UPDATE manifest SET digests = digests || E'x\\n' ${at(idx)}`),
      manifest('statement', `UPDATE manifest SET statement = overlay(statement PLACING '~' FROM 40) ${at(idx)}`),
      manifest('idx', `UPDATE manifest SET idx = 30 ${at(idx)}`),
      manifest('idx beyond the head', `UPDATE manifest SET idx = ${SIZE} ${at(idx)}`),
      manifest('log_id', `UPDATE manifest SET log_id = 2 ${at(idx)}`),
      manifest('row deleted', `DELETE FROM manifest ${at(idx)}`),
    ]),
    manifest(
      'row without a leaf',
      `INSERT INTO manifest SELECT log_id, 30, number, digest, digests, statement FROM manifest ${at(0)}`,
    ),
    ...snapshotBytes.map((n) => inside('body: every fifth byte', `UPDATE snapshot SET body = ${flip('body', n)}`)),
    inside('body: shorter', 'UPDATE snapshot SET body = substring(body FROM 1 FOR length(body) - 1)'),
    ...every(32).map((n) => inside('digest: each byte', `UPDATE snapshot SET digest = ${flip('digest', n)}`)),
    inside('number', 'UPDATE snapshot SET number = number + 1'),
    snapshot('row deleted', 'DELETE FROM snapshot'),
  ];
}

/** What was said of an older size: the note as it was published, a witness's line, a token; one byte of each region. */
export function anchorMutations(kind: string, length: number, region: number): Mutation[] {
  const anchor = (what: string, set: string): Mutation => {
    return { table: `log_anchor ${kind}`, what, sql: [`UPDATE log_anchor SET ${set} WHERE kind = '${kind}'`] };
  };
  const regions = every(Math.ceil(length / region)).map((n) => Math.min(length - 1, n * region + (n % region)));
  return [
    ...regions.map((at) => anchor(`data: every ${region} bytes`, `data = ${flip('data', at)}`)),
    anchor('data: last byte', `data = ${flip('data', length - 1)}`),
    anchor('data: shorter', `data = substring(data FROM 1 FOR length(data) - 1)`),
    anchor('data: longer', `data = data || '\\x0a'`),
    anchor('data: empty', `data = ''`),
    anchor('size', 'size = size - 1'),
    anchor('size beyond the head', `size = ${SIZE + 1}`),
    anchor('log_id', 'log_id = 2'),
  ];
}

/** Another witness's name beside a line. */
export const sourceMutation: Mutation = {
  table: 'log_anchor cosignature',
  what: 'source',
  sql: [`UPDATE log_anchor SET source = 'x' WHERE kind = 'cosignature'`],
};

function roleOf(idx: number, slot: string, signer: string): string {
  return `UPDATE log_leaf SET slot = '${slot}', signer = '${signer}' WHERE idx = ${idx}`;
}

function swapped(a: number, b: number): string[] {
  return [
    `CREATE TEMP TABLE both_leaves ON COMMIT DROP AS SELECT * FROM log_leaf WHERE idx IN (${a}, ${b})`,
    `DELETE FROM log_leaf WHERE idx IN (${a}, ${b})`,
    `INSERT INTO log_leaf SELECT log_id, ${a} + ${b} - idx, xid, slot, signer, leaf_hash, body, kafka_offset FROM both_leaves`,
  ];
}

function every(count: number): number[] {
  return Array.from({ length: count }, (_, n) => n);
}
