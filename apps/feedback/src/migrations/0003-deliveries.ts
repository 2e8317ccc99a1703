import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createDeliveries, dropDeliveries } from '#deliveries';

/** The outbox from which subsystems are delivered to, sealed, and the inbox that comes with it. */
export class Deliveries1800000000003 implements MigrationInterface {
  readonly name = 'Deliveries1800000000003';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(createDeliveries);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(dropDeliveries);
  }
}
