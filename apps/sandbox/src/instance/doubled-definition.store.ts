import { cp, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readDefinition } from './apply.service.js';
import { SECOND_GATEWAY } from './layout.js';

/**
 * The definition with a second gateway beside the first, for the same consumers and with keys of its own, in a folder
 * of the data directory. JSON is YAML, so it is applied like any other. Returns the file.
 */
export async function writeDoubledDefinition(file: string, dataDir: string): Promise<string> {
  const definition = await readDefinition(file);
  const seconds = definition.instances
    .filter((entry) => entry.kind === 'gateway')
    .map((entry) => ({ ...entry, id: SECOND_GATEWAY }));
  const folder = join(dataDir, 'definition');
  await mkdir(folder, { recursive: true });
  await cp(join(dirname(file), 'openapi'), join(folder, 'openapi'), { recursive: true });
  const doubled = join(folder, 'instance.yaml');
  await writeFile(doubled, JSON.stringify({ ...definition, instances: [...definition.instances, ...seconds] }));
  return doubled;
}
