import { existsSync, readFileSync } from 'node:fs';
import { createRequire, registerHooks } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/**
 * Jest transforms modules for its test environments; its own process and the threads that specs start load our sources as
 * Node does. Same rules here as there: condition `source`, `./x.js` means `./x.ts`, TypeScript through swc. The file of a
 * thread itself is left to Node.
 */
const load = createRequire(import.meta.url);

registerHooks({
  resolve(specifier, context, next) {
    if (specifier.startsWith('.') && specifier.endsWith('.js') && context.parentURL?.endsWith('.ts') === true) {
      const source = join(dirname(fileURLToPath(context.parentURL)), `${specifier.slice(0, -3)}.ts`);
      if (existsSync(source)) return { url: pathToFileURL(source).href, shortCircuit: true };
    }
    const conditions = specifier.startsWith('#') ? ['source', ...context.conditions] : context.conditions;
    return next(specifier, { ...context, conditions });
  },
  load(url, context, next) {
    if (!url.startsWith('file:') || !url.endsWith('.ts') || url.endsWith('.worker.ts')) return next(url, context);
    const filename = fileURLToPath(url);
    const { transformSync } = load('@swc/core');
    const { code } = transformSync(readFileSync(filename, 'utf8'), { filename, sourceMaps: 'inline' });
    return { format: 'module', source: code, shortCircuit: true };
  },
});
