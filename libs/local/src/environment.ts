/**
 * What a child process inherits (PATH, HOME, JAVA_HOME, locale) with some names added or taken away. Passing it on is
 * not reading settings from it, so this is the one place outside the configuration that touches the environment.
 */
export function inheritedEnvironment(changes: Readonly<Record<string, string | undefined>> = {}): NodeJS.ProcessEnv {
  // eslint-disable-next-line no-restricted-properties -- handed on, never read
  return { ...process.env, ...changes };
}
