import { join } from 'node:path';
import type * as AddressesModule from './service-addresses.js';
import type * as ServicesModule from './services.js';

declare global {
  /** Set by the first of the projects that needs services, cleared by the teardown. */
  var keregeTestServices: ServicesModule.RunningServices | undefined;
}

/** Jest calls it once per project, in its own process (`source-loader.mjs`); the services are started once per run. */
export default async function globalSetup(): Promise<void> {
  if (globalThis.keregeTestServices !== undefined) return;
  const load = (file: string): Promise<unknown> => import(join(import.meta.dirname, file));
  const { startServices } = (await load('services.ts')) as typeof ServicesModule;
  const { publishAddresses } = (await load('service-addresses.ts')) as typeof AddressesModule;
  const running = await startServices();
  globalThis.keregeTestServices = running;
  publishAddresses(running.addresses);
}
