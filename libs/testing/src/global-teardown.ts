import type { RunningServices } from './services.js';

/** Jest calls it also when specs have failed. */
export default async function globalTeardown(): Promise<void> {
  const services: RunningServices | undefined = globalThis.keregeTestServices;
  globalThis.keregeTestServices = undefined;
  await services?.stop();
}
