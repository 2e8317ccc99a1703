import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type JsonWebKey } from 'node:crypto';
import { generateP256Key, generateSigningKey, publicJwk, thumbprint, type Algorithm, type PublicJwk } from '#signing';
import { createPrivateKey } from 'node:crypto';

const MODULES = ['/usr/lib/softhsm/libsofthsm2.so', '/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so'];
const TOKEN = 'kerege test';

/** Before what a child process does in the token: its library sees no environment of ours that a spec has changed. */
const IN_TOKEN = `
  const [path, label, ...args] = process.argv.slice(1);
  const p11 = require('pkcs11js');
  const library = new p11.PKCS11();
  library.load(path);
  library.C_Initialize();
  const slot = library.C_GetSlotList(true).find((one) => library.C_GetTokenInfo(one).label.trim() === label);
`;
const MAKE_UNFIT_KEY = `
  const session = library.C_OpenSession(slot, p11.CKF_SERIAL_SESSION | p11.CKF_RW_SESSION);
  library.C_Login(session, p11.CKU_USER, '2468');
  const names = [
    { type: p11.CKA_LABEL, value: args[0] },
    { type: p11.CKA_ID, value: Buffer.from(args[1], 'hex') },
    { type: p11.CKA_TOKEN, value: true },
  ];
  const curve = { type: p11.CKA_EC_PARAMS, value: Buffer.from('06082a8648ce3d030107', 'hex') };
  const halves = [[...names, curve], [...names, { type: p11.CKA_SIGN, value: false }]];
  library.C_GenerateKeyPair(session, { mechanism: p11.CKM_EC_KEY_PAIR_GEN, parameter: null }, ...halves);
`;
const FORGET_PIN = `library.C_InitToken(slot, '1357', label.padEnd(32));`;

/** A key as it stands in a key file: its public half and where the private one is. */
export interface SoftHsmKey {
  readonly uri: string;
  readonly kid: string;
  readonly jwk: PublicJwk;
  /** The entry of a key file. */
  readonly entry: PublicJwk & { readonly kid: string; readonly use: 'sig'; readonly pkcs11: string };
}

/** A token of SoftHSM in a folder of its own, which can be pulled and put back. Who makes one removes it. */
export class SoftHsm {
  readonly module = MODULES.find(existsSync) ?? '';
  private keys = 0;

  private constructor(
    readonly dir: string,
    readonly configuration: string,
    readonly pinFile: string,
  ) {}

  /** Whether specs of tokens can run here: SoftHSM is installed, and its binding could be built. */
  static canRun(): boolean {
    try {
      createRequire(import.meta.url).resolve('pkcs11js/build/Release/pkcs11.node');
      execFileSync('softhsm2-util', ['--version'], { stdio: 'ignore' });
    } catch {
      return false;
    }
    return MODULES.some(existsSync);
  }

  static async make(): Promise<SoftHsm> {
    const dir = await mkdtemp(join(tmpdir(), 'kerege-hsm-'));
    await mkdir(join(dir, 'tokens'));
    const configuration = join(dir, 'softhsm2.conf');
    await writeFile(configuration, `directories.tokendir = ${join(dir, 'tokens')}\nlog.level = ERROR\n`);
    const hsm = new SoftHsm(dir, configuration, join(dir, 'pin'));
    await hsm.setPin('2468');
    hsm.tool('--init-token', '--free', '--label', TOKEN, '--pin', '2468', '--so-pin', '1357');
    return hsm;
  }

  /** What the module is told where its tokens are: for the environment of the process that signs. */
  get environment(): { readonly SOFTHSM2_CONF: string } {
    return { SOFTHSM2_CONF: this.configuration };
  }

  /** What an app is told of the token. */
  get settings(): Readonly<Record<string, string>> {
    return { ...this.environment, KEREGE_PKCS11_MODULE: this.module, KEREGE_PKCS11_PIN_FILE: this.pinFile };
  }

  async setPin(pin: string): Promise<void> {
    await writeFile(this.pinFile, `${pin}\n`);
    await chmod(this.pinFile, 0o600);
  }

  /** A fresh key, put into the token; its private half is forgotten here. */
  async addKey(alg: Algorithm, object = `key ${this.keys + 1}`): Promise<SoftHsmKey> {
    const made = alg === 'EdDSA' ? generateSigningKey() : generateP256Key();
    const { d } = made;
    const jwk = publicJwk(made);
    const pem = createPrivateKey({ key: { ...jwk, d } as JsonWebKey, format: 'jwk' }).export({
      type: 'pkcs8',
      format: 'pem',
    });
    const file = join(this.dir, 'import.pem');
    await writeFile(file, pem, { mode: 0o600 });
    const id = this.nextId();
    this.tool('--import', file, '--token', TOKEN, '--label', object, '--id', id, '--pin', '2468');
    await rm(file);
    return keyOf(jwk, object, id);
  }

  /** A P-256 key that is there and may not sign. */
  addUnfitKey(object = `key ${this.keys + 1}`): SoftHsmKey {
    const id = this.nextId();
    this.inToken(MAKE_UNFIT_KEY, object, id);
    return keyOf(publicJwk(generateP256Key()), object, id);
  }

  /** Makes the token anew: it is empty, and nobody has set a PIN for its user. */
  forgetPin(): void {
    this.inToken(FORGET_PIN);
  }

  async pull(): Promise<void> {
    await rename(join(this.dir, 'tokens'), join(this.dir, 'away'));
    await mkdir(join(this.dir, 'tokens'));
  }

  async putBack(): Promise<void> {
    await rm(join(this.dir, 'tokens'), { recursive: true });
    await rename(join(this.dir, 'away'), join(this.dir, 'tokens'));
  }

  async remove(): Promise<void> {
    await rm(this.dir, { recursive: true, force: true });
  }

  private nextId(): string {
    return (this.keys += 1).toString(16).padStart(2, '0');
  }

  private inToken(script: string, ...args: string[]): void {
    const env = { ...process.env, ...this.environment };
    execFileSync(process.execPath, ['-e', IN_TOKEN + script, this.module, TOKEN, ...args], { env, stdio: 'pipe' });
  }

  private tool(...args: string[]): void {
    execFileSync('softhsm2-util', args, { env: { ...process.env, ...this.environment }, stdio: 'pipe' });
  }
}

function keyOf(jwk: PublicJwk, object: string, id: string): SoftHsmKey {
  const kid = thumbprint(jwk);
  const uri = `pkcs11:token=${encodeURIComponent(TOKEN)};object=${encodeURIComponent(object)};id=%${id}`;
  return { uri, kid, jwk, entry: { ...jwk, kid, use: 'sig', pkcs11: uri } };
}
