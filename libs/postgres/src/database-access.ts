import type { Secret } from '#kernel';
import type { AccessPlan } from './access-plan.js';
import type { RoleProblem } from './role-check.js';

/** Who may do what in an app's schema, and what becomes of a role that can do more. */
export interface DatabaseAccess {
  readonly plan: AccessPlan;
  /** Migrates and grants, then is let go. Empty: the app's own role does, if it can. */
  readonly ownerUrl: string;
  /** Deletes what the plan calls erasable. Empty: the app's own role does. */
  readonly eraserUrl: string;
  /** Granted SELECT; empty: nobody. */
  readonly readerRole: string;
  /** A role that can do too much ends the start; else it is told to `onExcess`. */
  readonly isStrict: boolean;
  readonly onExcess: (problems: readonly RoleProblem[]) => void;
}

/** The settings of an app that concern its roles. */
export interface AccessSettings {
  readonly databaseOwnerUrl: Secret;
  readonly databaseReaderRole: string;
  readonly databaseEraserUrl?: Secret;
  readonly environment: string;
}

interface Warner {
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
}

/** What an app makes of its settings: strict in production, loud everywhere else. */
export function accessBy(plan: AccessPlan, settings: AccessSettings, logger: Warner): DatabaseAccess {
  return {
    plan,
    ownerUrl: settings.databaseOwnerUrl.reveal(),
    eraserUrl: settings.databaseEraserUrl?.reveal() ?? '',
    readerRole: settings.databaseReaderRole,
    isStrict: settings.environment === 'production',
    onExcess: (problems) =>
      logger.warn(
        { problems },
        'the database role of this process can do more than it needs: fit for development, refused in production',
      ),
  };
}
