import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * `erasure_mark`: a person who was erased while leaves before `before_idx` of a log had commitments that nobody had opened.
 * What opens one of them for that person later is erased as it comes. A row goes with the last such commitment, or when
 * no opening can come any more; nothing else keeps its tag.
 */
export class ErasureMarks1800000000003 implements MigrationInterface {
  readonly name = 'ErasureMarks1800000000003';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE erasure_mark (
        epoch integer NOT NULL, tag bytea NOT NULL, origin text NOT NULL, before_idx bigint NOT NULL,
        erased_ms bigint NOT NULL, until_ms bigint NOT NULL, PRIMARY KEY (epoch, tag, origin)
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE erasure_mark');
  }
}
