import { z } from 'zod';
import { cliErrors } from '../cli.errors.js';
import { readBytes } from '../evidence/read-evidence.service.js';
import { ask, parseJson } from '../terminal/json-client.service.js';
import { CLIENT_ASSERTION_TYPE, clientAssertion } from './client-assertion.js';
import { newestSigningKey } from './signing-key.js';

const given = z.object({ access_token: z.string() });
const refusal = z.object({ error: z.string(), error_description: z.string().default('') });

/** An access token of a gateway for a subsystem, by the credential of its information system in a key file. */
export async function accessToken(gatewayUrl: string, subsystem: string, file: string): Promise<string> {
  const key = newestSigningKey(await readBytes(file));
  if (key === undefined) throw cliErrors.error('key-file-unusable', { extensions: { file } });
  const url = gatewayUrl.replace(/\/+$/, '');
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    client_assertion_type: CLIENT_ASSERTION_TYPE,
    client_assertion: await clientAssertion(subsystem, url, key),
  });
  const answer = await ask(`${url}/v1/token`, { method: 'POST', body });
  const token = given.safeParse(parseJson(answer.body));
  if (answer.status === 200 && token.success) return token.data.access_token;
  const said = refusal.safeParse(parseJson(answer.body));
  const problem = said.success ? `${said.data.error}: ${said.data.error_description}` : `HTTP ${answer.status}`;
  throw cliErrors.error('server-refused', { extensions: { problem } });
}
