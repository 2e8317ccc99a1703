import { X509Certificate } from 'node:crypto';
import { CertificateAuthority } from './certificate-authority.js';

const DAY_MS = 24 * 60 * 60_000;
const valid = { fromMs: Date.now() - DAY_MS, untilMs: Date.now() + DAY_MS };

it('issues what is believed by its certificate, for clients or for servers of this machine, also after a restart', async () => {
  const first = await CertificateAuthority.make({ name: 'Test', ...valid });
  const again = await CertificateAuthority.from(first.own);
  const root = new X509Certificate(first.own.cert);
  expect(root.ca).toBe(true);
  for (const authority of [first, again]) {
    const client = new X509Certificate((await authority.issue({ name: 'DEMO.gw1', ...valid })).cert);
    expect(client.subject).toBe('CN=DEMO.gw1');
    expect(client.checkIssued(root) && client.verify(root.publicKey)).toBe(true);
    expect(client.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
    expect(client.ca).toBe(false);
    const server = new X509Certificate((await authority.issue({ name: 'DEMO.broker', isServer: true, ...valid })).cert);
    expect(server.checkIP('127.0.0.1')).toBe('127.0.0.1');
    expect(server.checkHost('localhost')).toBe('localhost');
    expect(server.serialNumber).not.toBe(client.serialNumber);
  }
});
