import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Each channel goes by itself, and looks for what is due on it alone. */
export class DeliveryLanes1800000000016 implements MigrationInterface {
  readonly name = 'DeliveryLanes1800000000016';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP INDEX notification_delivery_due;
      CREATE INDEX notification_delivery_due ON notification_delivery (channel, due_ms)
        WHERE state IN ('WAITING', 'SENDING');
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP INDEX notification_delivery_due;
      CREATE INDEX notification_delivery_due ON notification_delivery (due_ms) WHERE state IN ('WAITING', 'SENDING');
    `);
  }
}
