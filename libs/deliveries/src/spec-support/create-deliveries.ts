import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createDeliveries, dropDeliveries } from '../index.js';

/** As an app writes it. */
export class CreateDeliveries implements MigrationInterface {
  readonly name = 'CreateDeliveries1900000000001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(createDeliveries);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(dropDeliveries);
  }
}
