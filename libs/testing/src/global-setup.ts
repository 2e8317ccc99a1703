import { transformSync } from '@swc/core';
import { existsSync, readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type * as AddressesModule from './service-addresses.js';
import type * as ServicesModule from './services.js';

declare global {
  /** Set by the first of the projects that needs services, cleared by the teardown. */
  var keregeTestServices: ServicesModule.RunningServices | undefined;
}

/** Jest calls it once per project; the services are started once per run. */
export default async function globalSetup(): Promise<void> {
  if (globalThis.keregeTestServices !== undefined) return;
  registerSourceLoader();
  const load = (file: string): Promise<unknown> => import(join(import.meta.dirname, file));
  const { startServices } = (await load('services.ts')) as typeof ServicesModule;
  const { publishAddresses } = (await load('service-addresses.ts')) as typeof AddressesModule;
  const running = await startServices();
  globalThis.keregeTestServices = running;
  publishAddresses(running.addresses);
}

/**
 * Jest transforms modules for its test environments, but its own process, which runs this file, resolves our sources
 * as Node does. Same rules here as there: condition `source`, `./x.js` means `./x.ts`, TypeScript through swc.
 */
function registerSourceLoader(): void {
  registerHooks({
    resolve(specifier, context, next) {
      if (specifier.startsWith('.') && specifier.endsWith('.js') && context.parentURL?.endsWith('.ts') === true) {
        const source = join(dirname(fileURLToPath(context.parentURL)), `${specifier.slice(0, -3)}.ts`);
        if (existsSync(source)) return { url: pathToFileURL(source).href, shortCircuit: true };
      }
      return next(specifier, { ...context, conditions: ['source', ...context.conditions] });
    },
    load(url, context, next) {
      if (!url.startsWith('file:') || !url.endsWith('.ts')) return next(url, context);
      const filename = fileURLToPath(url);
      const { code } = transformSync(readFileSync(filename, 'utf8'), { filename, sourceMaps: 'inline' });
      return { format: 'module', source: code, shortCircuit: true };
    },
  });
}
