import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What persons are told of their cases. A notification is a code, never a text and never an address: the text is made
 * when it is read or sent, the address asked for when it is sent. Of the person there is what the case has of them, so
 * that all of it goes with the case. A person's wishes lie under their data key (`preference_enc`).
 */
export class Notifications1800000000012 implements MigrationInterface {
  readonly name = 'Notifications1800000000012';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE notification (
        id uuid PRIMARY KEY, case_id uuid NOT NULL, seq integer NOT NULL, code text NOT NULL, category text NOT NULL,
        portal text NOT NULL, public_number text NOT NULL,
        epoch integer NOT NULL, tag bytea NOT NULL, key_id bytea NOT NULL,
        at_ms bigint NOT NULL, read_ms bigint, UNIQUE (case_id, seq, code)
      );
      CREATE INDEX notification_person ON notification (epoch, tag, id);
      CREATE TABLE notification_delivery (
        id uuid PRIMARY KEY, notification_id uuid NOT NULL, channel text NOT NULL CHECK (channel IN ('push', 'email', 'sms')),
        state text NOT NULL CHECK (state IN ('WAITING', 'SENDING', 'SENT', 'FAILED', 'SUPPRESSED', 'UNCERTAIN')),
        attempts integer NOT NULL DEFAULT 0, why text, holder uuid, due_ms bigint NOT NULL, made_ms bigint NOT NULL,
        at_ms bigint, epoch integer NOT NULL, tag bytea NOT NULL, key_id bytea NOT NULL,
        UNIQUE (notification_id, channel)
      );
      CREATE INDEX notification_delivery_due ON notification_delivery (due_ms) WHERE state IN ('WAITING', 'SENDING');
      CREATE INDEX notification_delivery_person ON notification_delivery (epoch, tag);
      CREATE TABLE notification_preference (
        epoch integer NOT NULL, tag bytea NOT NULL, portal text NOT NULL, preference_enc bytea NOT NULL,
        key_id bytea NOT NULL, changed_ms bigint NOT NULL, PRIMARY KEY (epoch, tag, portal)
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE notification_preference, notification_delivery, notification');
  }
}
