import type { FastifyInstance } from 'fastify';
import { authorityDir } from './authority-files.store.js';
import { AUTHORITIES, type AuthorityName } from './openssl-config.js';
import type { TimeAuthorityConfig } from './time-authority.config.js';
import { createTimeAuthorityServer } from './time-authority.controller.js';

export interface RunningTimeAuthorities {
  readonly urls: Readonly<Record<AuthorityName, string>>;
  close(): Promise<void>;
}

/** Starts the sandbox's two authorities; each listens on a port of its own, as two organisations would. */
export async function createTimeAuthorities(config: TimeAuthorityConfig): Promise<RunningTimeAuthorities> {
  const started: FastifyInstance[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(started.map((app) => app.close()));
  };
  const start = async (name: AuthorityName, port: number): Promise<readonly [AuthorityName, string]> => {
    const app = createTimeAuthorityServer(authorityDir(config.dir, name));
    started.push(app);
    return [name, await app.listen({ host: config.host, port })] as const;
  };
  try {
    const urls = await Promise.all(AUTHORITIES.map(({ name, port }) => start(name, config[port])));
    return { urls: Object.fromEntries(urls) as Record<AuthorityName, string>, close };
  } catch (cause) {
    await close();
    throw cause;
  }
}
