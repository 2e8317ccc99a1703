import { ok, refuse, type Result } from '#kernel';
import type { ServiceEntry } from '#snapshot';
import type { Contract, ContractReason, RequestParts } from './contract.js';
import { Contracts } from './contracts.js';
import { OpenApiDownloads } from './openapi-downloads.service.js';
import type { ContractProblem } from './problems.js';

export interface ContractRefusal {
  readonly code: 'request-contract' | 'answer-contract' | 'contract-unusable';
  readonly problems: readonly ContractProblem[];
}

/** What was found under `report` too; never a value. */
export type ContractReport = (found: ContractRefusal, endpoint: string) => void;

type Direction = 'requests' | 'answers';
type Check = (contract: Contract) => Result<undefined, ContractReason>;

const TIMEOUT_MS = 2_000;
const PAUSE_MS = 5_000;

/**
 * Holds calls and answers against the document that the service's registration names by digest. Whoever asks fetches it
 * from the registry and believes it only under that digest. While it cannot be had or used, `report` goes on and tells,
 * `enforce` refuses.
 */
export class ContractChecks {
  private readonly contracts = new Contracts();
  /** When the registry last failed; until a pause has passed nobody waits for it again. */
  private failedAtMs = -Infinity;

  private readonly downloads: OpenApiDownloads;

  constructor(
    registryUrl: string,
    private readonly report: ContractReport,
  ) {
    this.downloads = new OpenApiDownloads(registryUrl, TIMEOUT_MS);
  }

  /** Where the answer is enforced, all that it will be checked by has to be at hand before anything is called. */
  async request(
    service: ServiceEntry,
    endpoint: string,
    parts: RequestParts,
  ): Promise<Result<undefined, ContractRefusal>> {
    const checked = await this.check(service, endpoint, 'requests', (contract) =>
      contract.checkRequest(endpoint, parts),
    );
    if (!checked.ok || service.contract?.answers !== 'enforce') return checked;
    return this.check(service, endpoint, 'answers', (contract) =>
      contract.canCheckAnswers(endpoint) ? ok(undefined) : refuse('contract-unusable'),
    );
  }

  async answer(
    service: ServiceEntry,
    endpoint: string,
    answer: RequestParts & { readonly status: number },
  ): Promise<Result<undefined, ContractRefusal>> {
    return this.check(service, endpoint, 'answers', (contract) => contract.checkAnswer(endpoint, answer));
  }

  private async check(
    { contract: modes, openapi }: ServiceEntry,
    endpoint: string,
    direction: Direction,
    check: Check,
  ): Promise<Result<undefined, ContractRefusal>> {
    const mode = modes?.[direction] ?? 'off';
    if (mode === 'off') return ok(undefined);
    const contract =
      openapi === undefined
        ? refuse('contract-unusable' as const)
        : await this.contracts.get(openapi, (digest) => this.download(digest));
    const checked = contract.ok ? check(contract.value) : refuse('contract-unusable' as const);
    if (checked.ok) return checked;
    const found = refusalOf(checked.reason, direction);
    this.report(found, endpoint);
    return mode === 'enforce' ? refuse(found) : ok(undefined);
  }

  private async download(digest: string): Promise<string | undefined> {
    if (performance.now() - this.failedAtMs < PAUSE_MS) return undefined;
    const downloaded = await this.downloads.get(digest);
    if (downloaded.ok) return downloaded.value.text;
    this.failedAtMs = performance.now();
    return undefined;
  }
}

function refusalOf(reason: ContractReason, direction: Direction): ContractRefusal {
  if (reason === 'contract-unusable') return { code: reason, problems: [] };
  return { code: direction === 'requests' ? 'request-contract' : 'answer-contract', problems: reason };
}
