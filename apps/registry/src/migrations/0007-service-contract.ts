import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Whether calls and answers of a service are held against its OpenAPI document; null where neither is. */
export class ServiceContract1800000000007 implements MigrationInterface {
  readonly name = 'ServiceContract1800000000007';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE service ADD COLUMN contract jsonb');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE service DROP COLUMN contract');
  }
}
