import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Whether there is an OpenSSL to make and to judge tokens; without one the specs show as skipped. */
export const hasOpenssl = spawnSync('openssl', ['ts', '-help']).status === 0;

const GOOD_PURPOSE = 'critical,timeStamping';

export interface TsaOptions {
  readonly purpose?: string;
  /** Valid from now on for so many days; below 0: it has expired. */
  readonly days?: number;
  readonly rsa?: boolean;
  /** The certificate of its issuer goes into its tokens. */
  readonly certs?: string;
}

/** Certification and time-stamp authorities of every kind, made by OpenSSL in a folder of their own. */
export class TimeLab {
  private readonly dir = mkdtempSync(join(tmpdir(), 'kerege-tsa-'));
  private serial = 1;

  close(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** A root, PEM; its key lies under the name. */
  root(name: string, days = 3650): string {
    this.write(`${name}.ext`, 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n');
    this.run('req', ...this.key(name, false), '-out', `${name}.csr`);
    const own = ['-signkey', `${name}.key`, '-sha256', '-days', String(days), '-extfile', `${name}.ext`];
    this.run('x509', '-req', '-in', `${name}.csr`, ...own, '-out', `${name}.pem`);
    return this.pem(name);
  }

  intermediate(name: string, issuer: string): string {
    return this.certificate(name, issuer, 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n', {});
  }

  authority(name: string, issuer: string, options: TsaOptions = {}): void {
    const { purpose = GOOD_PURPOSE, certs } = options;
    const extensions = `basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n`;
    this.certificate(name, issuer, purpose === '' ? extensions : `${extensions}extendedKeyUsage=${purpose}\n`, options);
    this.write(`${name}.serial`, '0100\n');
    this.write(
      `${name}.cnf`,
      `[tsa]\nserial=./${name}.serial\nsigner_cert=./${name}.pem\nsigner_key=./${name}.key\nsigner_digest=sha256\n` +
        `default_policy=1.2.3.4.1\ndigests=sha256\naccuracy=secs:1\nclock_precision_digits=3\ntsa_name=yes\n` +
        `ess_cert_id_alg=sha256\n${certs === undefined ? '' : `certs=./${certs}.pem\n`}`,
    );
  }

  /** What an honest authority answers to that query. */
  reply(name: string, query: Buffer): Buffer {
    this.write(`${name}.tsq`, query);
    this.run(
      ...['ts', '-reply', '-config', `${name}.cnf`, '-section', 'tsa'],
      '-queryfile',
      `${name}.tsq`,
      '-out',
      'x.tsr',
    );
    return this.read('x.tsr');
  }

  /**
   * The same token's content signed anew as any CMS, by a signer that `openssl ts` would refuse to sign for: another
   * purpose, expired, or not naming its certificate.
   */
  resigned(response: Buffer, signer: string, { isBound = true } = {}): Buffer {
    this.write('x.tsr', response);
    this.run('ts', '-reply', '-in', 'x.tsr', '-token_out', '-out', 'x.token');
    this.run('cms', '-verify', '-noverify', '-inform', 'DER', '-in', 'x.token', '-out', 'x.info');
    const content = ['-binary', '-nodetach', '-nosmimecap', '-econtent_type', '1.2.840.113549.1.9.16.1.4'];
    const by = ['-signer', `${signer}.pem`, '-inkey', `${signer}.key`, '-md', 'sha256'];
    this.run(
      'cms',
      '-sign',
      ...content,
      ...by,
      ...(isBound ? ['-cades'] : []),
      ...'-in x.info -outform DER -out x.cms'.split(' '),
    );
    return responseOf(this.read('x.cms'));
  }

  /** A query that has nothing to do with ours. */
  query(...args: string[]): Buffer {
    this.write('x.data', 'x');
    this.run('ts', '-query', '-data', 'x.data', ...args, '-out', 'x.tsq');
    return this.read('x.tsq');
  }

  /** The auditor's command; its verdict. */
  verifies(checkpoint: string, response: Buffer, roots: string): boolean {
    this.write('body', checkpoint.split('\n').slice(0, 3).join('\n') + '\n');
    this.write('checkpoint.tsr', response);
    this.write('tsa-ca.pem', roots);
    const args = ['ts', '-verify', '-data', 'body', '-in', 'checkpoint.tsr', '-CAfile', 'tsa-ca.pem'];
    return spawnSync('openssl', args, { cwd: this.dir }).status === 0;
  }

  pem(name: string): string {
    return this.read(`${name}.pem`).toString();
  }

  private certificate(
    name: string,
    issuer: string,
    extensions: string,
    { days = 3650, rsa = false }: TsaOptions,
  ): string {
    this.write(`${name}.ext`, extensions);
    this.run('req', ...this.key(name, rsa), '-out', `${name}.csr`);
    const serial = `0x5${(this.serial += 1).toString(16).padStart(7, '0')}`;
    const signed = ['-CA', `${issuer}.pem`, '-CAkey', `${issuer}.key`, '-set_serial', serial, '-sha256'];
    this.run(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      ...signed,
      '-days',
      String(days),
      '-extfile',
      `${name}.ext`,
      '-out',
      `${name}.pem`,
    );
    return this.pem(name);
  }

  private key(name: string, isRsa: boolean): string[] {
    const kind = isRsa ? ['rsa:2048'] : ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];
    return ['-nodes', '-newkey', ...kind, '-keyout', `${name}.key`, '-subj', `/O=Synthetic/CN=${name}`];
  }

  private run(...args: string[]): void {
    execFileSync('openssl', args, { cwd: this.dir, stdio: 'pipe' });
  }

  private write(name: string, content: string | Buffer): void {
    writeFileSync(join(this.dir, name), content);
  }

  private read(name: string): Buffer {
    return readFileSync(join(this.dir, name));
  }
}

/** TimeStampResp: granted, and the token. */
export function responseOf(token: Buffer): Buffer {
  const content = Buffer.concat([Buffer.from('3003020100', 'hex'), token]);
  const length = Buffer.from([content.length >> 8, content.length & 0xff]);
  return Buffer.concat([Buffer.from([0x30, 0x82]), length, content]);
}
