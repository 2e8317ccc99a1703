import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createDeliveries, dropDeliveries } from '#deliveries';

/** What feedback has delivered to the subsystems (`taken_delivery`), and what of it waits for the agency's systems. */
export class Notices1700000000004 implements MigrationInterface {
  readonly name = 'Notices1700000000004';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(createDeliveries);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(dropDeliveries);
  }
}
