/** What the role of a running app may do with one table of its schema, beside reading it. */
export interface TableAccess {
  readonly insert?: true;
  /** All columns, or those named. */
  readonly update?: true | readonly string[];
  readonly delete?: true;
  /** The eraser may delete rows, and nobody else: they hold personal data whose time ends. */
  readonly erasable?: true;
  /** Functions with their argument types, which run as the owner and do for the table what the app may not. */
  readonly calls?: readonly string[];
  /** Triggers that must stand and be enabled, on the table and on each of its partitions. */
  readonly triggers?: readonly string[];
}

/** By table. What a plan does not name may be read and no more. */
export type AccessPlan = Readonly<Record<string, TableAccess>>;

/** Roles that are granted what the plan says; absent ones are not there. */
export interface GrantedRoles {
  readonly app: string;
  readonly eraser?: string;
  readonly reader?: string;
}

/**
 * Statements with which the owner of a schema gives each role what the plan says and takes whatever else it had
 * (`audit-log.md` §3.9, defence in depth). Repeating them changes nothing.
 */
export function grantStatements(schema: string, plan: AccessPlan, roles: GrantedRoles): string[] {
  const app = quoted(roles.app);
  const named = [roles.app, roles.eraser, roles.reader].filter((role) => role !== undefined).map(quoted);
  const readers = [roles.app, roles.reader].filter((role) => role !== undefined).map(quoted);
  const from = ['PUBLIC', ...named].join(', ');
  return [
    `REVOKE ALL ON SCHEMA ${schema} FROM ${from}`,
    `REVOKE ALL ON ALL TABLES IN SCHEMA ${schema} FROM ${from}`,
    `REVOKE ALL ON ALL SEQUENCES IN SCHEMA ${schema} FROM ${from}`,
    `REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ${schema} FROM ${from}`,
    `GRANT USAGE ON SCHEMA ${schema} TO ${named.join(', ')}`,
    `GRANT SELECT ON ALL TABLES IN SCHEMA ${schema} TO ${readers.join(', ')}`,
    ...Object.entries(plan).flatMap(([table, access]) => [
      ...appRights(access).map((right) => `GRANT ${right} ON ${schema}.${quoted(table)} TO ${app}`),
      ...(access.calls ?? []).map((call) => `GRANT EXECUTE ON FUNCTION ${schema}.${call} TO ${app}`),
      ...(access.erasable === true && roles.eraser !== undefined
        ? [`GRANT SELECT, DELETE ON ${schema}.${quoted(table)} TO ${quoted(roles.eraser)}`]
        : []),
    ]),
  ];
}

function appRights({ insert, update, delete: remove }: TableAccess): string[] {
  const columns = update === true || update === undefined ? '' : ` (${update.map(quoted).join(', ')})`;
  return [
    ...(insert === true ? ['INSERT'] : []),
    ...(update === undefined ? [] : [`UPDATE${columns}`]),
    ...(remove === true ? ['DELETE'] : []),
  ];
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
