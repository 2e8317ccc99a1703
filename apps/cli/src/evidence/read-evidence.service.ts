import { readFile } from 'node:fs/promises';
import { cliErrors } from '../cli.errors.js';
import { ask, problemText } from '../terminal/json-client.service.js';

/** Evidence from a file or, as `client`, from a gateway's URL: exactly the bytes that came. */
export async function readEvidence(place: string, client: string | undefined): Promise<Buffer> {
  if (!/^https?:\/\//.test(place)) return readBytes(place);
  const answer = await ask(place, { headers: client === undefined ? {} : { 'X-Road-Client': client } });
  if (answer.status === 200) return answer.body;
  const hint = client === undefined ? ['say who asks: --client INSTANCE/CLASS/MEMBER/SUBSYSTEM'] : [];
  throw cliErrors.error('server-refused', { extensions: { problems: [problemText(answer), ...hint] } });
}

export async function readBytes(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw cliErrors.error('file-unreadable', { cause, extensions: { file } });
  }
}
