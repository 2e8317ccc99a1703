import { randomBytes } from 'node:crypto';
import { createServer, type AddressInfo } from 'node:net';
import { outlineOf, type CaseKind, type CorrectionContent } from '#corrections';
import { CASE_KINDS, sealDelivery } from '#deliveries';
import { newExchangeId, toBase64Url, type ServiceId, type SubsystemId } from '#kernel';
import type { RunningApp } from '#platform';
import { makeReaderToken } from '#reader-auth';
import { signStatement, startSession, type StatementPayload } from '#signing';
import { ownerOfDatum } from '#snapshot';
import { eventually, TestIssuer } from '#testing';
import { CONSUMER, PROVIDER, SERVICE } from '../audit/audit-network.js';
import type { CaseStanding } from '../../apps/feedback/src/corrections/case-standing.js';
import type { FeedbackConfig } from '../../apps/feedback/src/feedback.config.js';
import { FeedbackNetwork, person, type Stated } from './feedback-network.js';

export const PORTAL = CONSUMER as SubsystemId;
/** Owns what its own service shows but for the address of a property. */
export const OWNER = PROVIDER as SubsystemId;
/** Owns the address of a property, which the owner's service shows too. */
export const OTHER_OWNER = 'TEST/GOV/1002/cadastre' as SubsystemId;
/** Gets what the owner's service shows, as the portal does. */
export const RECIPIENT = 'TEST/GOV/1003/benefits' as SubsystemId;
export const ENDPOINT = 'GET /{pin}';
export const BIRTH = 'person.birth-date';
export const ADDRESS = 'person.address';
export const PROPERTY = 'property.address';

const ELEMENTS = `
elements:
  - { id: ${BIRTH}, owner: GOV/1001/population, title: { en: Date of birth } }
  - { id: ${ADDRESS}, owner: GOV/1001/population, title: { en: Address } }
  - { id: ${PROPERTY}, owner: GOV/1002/cadastre, title: { en: Address of a property } }
elementPlaces:
${[
  ['/birth', BIRTH],
  ['/address', ADDRESS],
  ['/property', PROPERTY],
]
  .map(
    ([pointer, element]) =>
      `  - { service: GOV/1001/population/persons, endpoint: "${ENDPOINT}", pointer: ${pointer}, element: ${element} }\n`,
  )
  .join('')}`;
const MEMBERS = `
  - { id: GOV/1002, name: { en: Cadastre }, subsystems: [{ code: cadastre }] }
  - { id: GOV/1003, name: { en: Benefits }, subsystems: [{ code: benefits }] }
instances:`;

export interface Said {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** What a person files, and how a spec spoils it. */
export interface Filed {
  /** Code of the person: `TEST000001`. */
  readonly code: string;
  readonly exchangeId: string;
  readonly items?: CorrectionContent['items'];
  readonly attachments?: CorrectionContent['attachments'];
  readonly kind?: CaseKind;
  /** Laid over what is filed. */
  readonly changes?: Readonly<Record<string, unknown>>;
}

/** What was filed, with what its outside does not show. */
export interface FiledCase {
  readonly id: string;
  readonly content: CorrectionContent;
  readonly salt: Buffer;
  readonly said: Said;
}

export const BIRTH_ITEM = { element: BIRTH, pointer: '/birth', doubted: '1990-01-01', proposed: '1990-01-02' } as const;

/** Real feedback and audit, a portal's gateway that files, and members that answer for what they own. */
export class Filing {
  app: RunningApp | undefined;

  private constructor(
    readonly network: FeedbackNetwork,
    private readonly issuer: TestIssuer,
  ) {}

  /** `more` edits the definition of the instance further. */
  static async create(more: (text: string) => string = String): Promise<Filing> {
    const issuer = await TestIssuer.create();
    // The elements come before: at its end the instances go on.
    const definition = (text: string) =>
      more(`${TestIssuer.definitionOf(issuer)}${ELEMENTS}${text.replace('\ninstances:', MEMBERS)}`);
    return new Filing(await FeedbackNetwork.create(definition), issuer);
  }

  /** Feedback anew, with these settings. */
  async start(
    changes: Partial<FeedbackConfig> = {},
    deps: Parameters<FeedbackNetwork['start']>[1] = {},
  ): Promise<RunningApp> {
    if (this.app !== undefined) await this.network.stop(this.app);
    const port = await freePort();
    this.app = await this.network.start(
      {
        ...{ portals: [PORTAL], overdueIntervalMs: 20, correctionIntervalMs: 50 },
        // Tokens name the address at which it is asked.
        ...{ port, publicUrl: `http://127.0.0.1:${port}` },
        ...changes,
      },
      deps,
    );
    return this.app;
  }

  /** An answer about this person that this member got: in the log and in the index. Its exchange id. */
  async seen(code: string, by: SubsystemId = PORTAL, endpoint = ENDPOINT): Promise<string> {
    const id = await this.fresh(code, by, endpoint);
    // Nothing waits for an opening before the leaf has come either, so that the index itself is asked.
    const subject = person(`PIN/${code}`);
    const isThere = async () => (await this.network.accesses(subject)).some(({ exchangeId }) => exchangeId === id);
    await eventually(isThere, { timeoutMs: 30_000 });
    return id;
  }

  /** Such an answer of this very moment, which need not be in the index yet. */
  async fresh(code: string, by: SubsystemId = PORTAL, endpoint = ENDPOINT): Promise<string> {
    const { network } = this;
    const about = [person(`PIN/${code}`)];
    const asked = { from: by, snap: 2, ep: endpoint } as const;
    const requested = await network.requested(about, [], asked);
    const signed = by === PORTAL ? requested : await this.signedAs(by, requested);
    const answered = await network.answered(signed.statement, [], asked);
    await this.lay(signed, answered);
    return signed.statement.payload.id;
  }

  /** Files a request as a gateway does; it may not be in the log yet. */
  async file(filed: Filed): Promise<FiledCase> {
    const salt = randomBytes(32);
    const { code, exchangeId, items = [BIRTH_ITEM], attachments = [], kind = 'ERROR' } = filed;
    const content: CorrectionContent = {
      ...{ v: 1, salt: toBase64Url(salt), subject: `TEST/PIN/${code}`, exchangeId, language: 'en' },
      ...{ items: [...items], attachments: [...attachments] },
    };
    const [id, contentId] = [newExchangeId(), newExchangeId()];
    const view = this.network.audit.world.view;
    const { owner } = ownerOfDatum(view, SERVICE as ServiceId, content.items[0]?.element);
    const body = {
      ...{ correctionId: id, kind, subject: content.subject, r: toBase64Url(randomBytes(32)), contentId },
      ...{ service: SERVICE, endpoint: ENDPOINT, language: 'en', outline: outlineOf(content), ...filed.changes },
    };
    const said = await this.portalStep(code, '/v1/corrections', body, {
      id: contentId,
      sealed: await this.sealed(owner, contentId, {
        correctionId: id,
        kind,
        service: SERVICE,
        endpoint: ENDPOINT,
        content,
      }),
    });
    return { id, content, salt, said };
  }

  /** Filed, and with its owner. */
  async routed(filed: Filed): Promise<FiledCase> {
    const made = await this.file(filed);
    if (made.said.status !== 200) throw new TypeError(JSON.stringify(made.said.body));
    await this.until(filed.code, made.id, (standing) => standing.state === 'ROUTED');
    return made;
  }

  /** What the person's portal shows, once it shows this and nothing is on its way. */
  async until(code: string, id: string, isSo: (standing: CaseStanding) => boolean): Promise<CaseStanding> {
    const check = async () => {
      const { status, body } = await this.portal(code, `/v1/corrections/${id}`);
      const standing = body as unknown as CaseStanding;
      return status === 200 && !standing.isMoving && isSo(standing) ? standing : undefined;
    };
    return eventually(check, { timeoutMs: 30_000 });
  }

  /** Has a step proposed, signs it as the portal and takes it. What is refused at once is handed back. */
  portalStep(code: string, path: string, body: object, content?: { id: string; sealed: string }): Promise<Said> {
    return this.step(PORTAL, body, content, (whole) => this.portal(code, path, whole));
  }

  /** The same as a member, in a case of its own or as a recipient: `path` below `/v1/`. */
  memberStep(as: SubsystemId, path: string, body: object, content?: { id: string; sealed: string }): Promise<Said> {
    return this.step(as, body, content, (whole) => this.member(as, path, whole));
  }

  member(as: SubsystemId, path: string, body?: object): Promise<Said> {
    return this.send(as, path, {}, body);
  }

  async portal(code: string, path: string, body?: object, method?: 'PUT'): Promise<Said> {
    const assertion = await this.issuer.mint(code, PORTAL);
    return this.send(PORTAL, path, { 'kerege-end-user': assertion }, body, method);
  }

  /** As the person's portal, with other methods and headers; the answer as it comes. */
  async raw(code: string, path: string, init: { method?: string; headers?: object } = {}): Promise<Response> {
    const { sign: key } = this.network.audit.world.keysOf(PORTAL);
    const token = await makeReaderToken({
      subsystem: PORTAL,
      audience: `${this.app?.url}`,
      key,
      nowMs: Date.now(),
    });
    const assertion = await this.issuer.mint(code, PORTAL);
    const headers = { authorization: `Bearer ${token}`, 'kerege-end-user': assertion, ...init.headers };
    return fetch(`${this.app?.url}${path}`, { method: init.method ?? 'GET', headers });
  }

  /** Sealed for a published key of the owner, base64url. */
  async sealed(owner: SubsystemId, contentId: string, request: object): Promise<string> {
    const { seal } = this.network.audit.world.keysOf(owner);
    const session = await startSession({ recipient: owner, kid: seal.kid, publicJwk: seal });
    return toBase64Url(sealDelivery({ id: contentId, kind: CASE_KINDS.request, to: owner }, request, session));
  }

  /** Statements in the log, with their openings in the index. */
  async lay(...stated: readonly Stated[]): Promise<void> {
    const { network } = this;
    await network.stamp(...stated.map(({ statement }) => statement));
    await network.send(...(await Promise.all(stated.map((one) => network.sealed(one)))));
    await eventually(async () => (await network.commitments('pending')) === 0, { timeoutMs: 30_000 });
  }

  close(): Promise<void> {
    return this.network.close();
  }

  private async signedAs(by: SubsystemId, { statement, ...openings }: Stated): Promise<Stated> {
    return { ...openings, statement: await signStatement(statement.payload, this.network.audit.signerOf(by)) };
  }

  private async step(
    signer: SubsystemId,
    body: object,
    content: { id: string; sealed: string } | undefined,
    send: (body: object) => Promise<Said>,
  ): Promise<Said> {
    const proposed = await send(body);
    const payload = proposed.body['payload'] as StatementPayload | undefined;
    if (payload === undefined) return proposed;
    const { jws } = await signStatement(payload, this.network.audit.signerOf(signer));
    return send({ ...body, statement: jws, ...(content === undefined ? {} : { content }) });
  }

  private async send(
    subsystem: SubsystemId,
    path: string,
    headers: object,
    body?: object,
    method = 'POST',
  ): Promise<Said> {
    const { sign: key } = this.network.audit.world.keysOf(subsystem);
    const { url = '' } = this.app ?? {};
    const token = await makeReaderToken({ subsystem, audience: url, key, nowMs: Date.now() });
    const response = await fetch(`${url}${path}`, {
      method: body === undefined ? 'GET' : method,
      headers: {
        ...{ authorization: `Bearer ${token}`, ...headers },
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
