import { configErrors } from './config.errors.js';
import type { Setting } from './setting.js';

type Fields = Readonly<Record<string, Setting<unknown>>>;
// `any` only to infer: a setting's value stands in contravariant position too (`show`).
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type AnyFields = Readonly<Record<string, Setting<any>>>;
type Values<F extends AnyFields> = { readonly [Name in keyof F]: F[Name] extends Setting<infer Value> ? Value : never };
export type Environment = Readonly<Record<string, string | undefined>>;

/** An app's settings: what they are, and how to load them. */
export interface ConfigDefinition<F extends AnyFields = AnyFields> {
  readonly area: string;
  readonly fields: F;
  /**
   * Every problem is reported in one error (`config-invalid`), by variable name and never with its value, which may
   * be a secret. Tests pass their own environment; only here is the process's own read.
   */
  load(environment?: Environment): Values<F>;
}

export type ConfigOf<Definition> = Definition extends ConfigDefinition<infer F> ? Values<F> : never;

export function defineConfig<const F extends AnyFields>(area: string, fields: F): ConfigDefinition<F> {
  return { area, fields, load: (environment = process.env) => loadFields(area, fields, environment) };
}

function loadFields<F extends AnyFields>(area: string, fields: F, environment: Environment): Values<F> {
  const problems: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(fields as Fields)) {
    // A default goes through the same parser, so that it obeys the same bounds and paths become absolute.
    const text = environment[field.env] ?? (field.default === undefined ? undefined : field.show(field.default));
    if (text === undefined) {
      problems.push(`${field.env} is missing (${field.meaning})`);
      continue;
    }
    const parsed = field.parse(text);
    if (parsed.ok) values[name] = parsed.value;
    else problems.push(`${field.env} ${parsed.reason}`);
  }
  if (problems.length > 0) throw configErrors.error('config-invalid', { details: { area }, extensions: { problems } });
  // Each value came out of the parser of its own field.
  return Object.freeze(values) as Values<F>;
}

/** One row of `docs/configuration.md` and `deploy/.env.example`. */
export interface SettingDescription {
  readonly env: string;
  readonly kind: string;
  readonly unit?: string;
  /** Absent: required. */
  readonly default?: string;
  readonly secret: boolean;
  readonly meaning: string;
}

/** What the generated documents say of an app's settings, in the order of definition. */
export function describeConfig(definition: ConfigDefinition): SettingDescription[] {
  return Object.values(definition.fields as Fields).map((field) => ({
    env: field.env,
    kind: field.kind,
    ...(field.unit === undefined ? {} : { unit: field.unit }),
    ...(field.default === undefined ? {} : { default: field.show(field.default) }),
    secret: field.secret,
    meaning: field.meaning,
  }));
}
