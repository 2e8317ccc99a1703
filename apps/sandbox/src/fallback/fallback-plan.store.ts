import { readFile, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import type { AppName, AppPlan } from '../instance/app-plan.js';

const environment = z.record(z.string(), z.string());
const fallbackPlan = z.strictObject({
  registry: environment,
  audit: environment,
  gateway: environment,
  cn1: environment,
  cn2: environment,
  feedback: environment,
  agencies: environment,
  timeAuthority: environment.optional(),
  definitionFile: z.string(),
});
/** What the one process needs to be all apps: the settings that each would have had in a process of its own. */
export type FallbackPlan = z.infer<typeof fallbackPlan>;

/** A file and not the environment: it holds the environments of all apps, some with a password. */
export async function writeFallbackPlan(
  file: string,
  plans: Readonly<Record<AppName, AppPlan>> & { readonly timeAuthority?: AppPlan },
  definitionFile: string,
): Promise<void> {
  const { registry, audit, gateway, cn1, cn2, feedback, agencies, timeAuthority } = plans;
  const plan: FallbackPlan = {
    registry: registry.env,
    audit: audit.env,
    gateway: gateway.env,
    cn1: cn1.env,
    cn2: cn2.env,
    feedback: feedback.env,
    agencies: agencies.env,
    ...(timeAuthority === undefined ? {} : { timeAuthority: timeAuthority.env }),
    definitionFile,
  };
  await writeFile(file, JSON.stringify(plan), { mode: 0o600 });
}

export async function readFallbackPlan(file: string): Promise<FallbackPlan> {
  return fallbackPlan.parse(JSON.parse(await readFile(file, 'utf8')));
}
