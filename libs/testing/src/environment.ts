/**
 * Sets names of this process's environment, for libraries and programs that read them there; returns how to put back what
 * was.
 */
export function setEnvironment(settings: Readonly<Record<string, string>>): () => void {
  const { env } = process;
  const before = Object.keys(settings).map((name) => [name, env[name]] as const);
  Object.assign(env, settings);
  return () => {
    for (const [name, value] of before)
      if (value === undefined) Reflect.deleteProperty(env, name);
      else env[name] = value;
  };
}
