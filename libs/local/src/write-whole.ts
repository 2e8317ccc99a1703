import { open, rename } from 'node:fs/promises';

/** Beside, synced, renamed: a machine that dies leaves the file of before or the new one, never a part of it. */
export async function writeWhole(file: string, text: string, mode = 0o600): Promise<void> {
  const beside = `${file}.new`;
  const handle = await open(beside, 'w', mode);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(beside, file);
}
