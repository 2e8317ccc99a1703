import type { FastifyInstance } from 'fastify';
import { createAgencyServer, type AgencyRoutes } from './agency.controller.js';
import { benefitsRoutes } from './benefits/benefits.controller.js';
import { cadastreRoutes } from './cadastre/cadastre.controller.js';
import { clinicRoutes } from './clinic/clinic.controller.js';
import { populationHooks, populationRoutes } from './population/population.controller.js';

export type AgencyName = 'population' | 'cadastre' | 'benefits' | 'clinic';

interface Agency {
  readonly service: string;
  readonly routes: AgencyRoutes;
  /** What a visitor may do to it beside the faults. */
  readonly hooks?: AgencyRoutes;
}

const AGENCIES: Readonly<Record<AgencyName, Agency>> = {
  population: { service: 'persons', routes: populationRoutes, hooks: populationHooks },
  cadastre: { service: 'properties', routes: cadastreRoutes },
  benefits: { service: 'entitlements', routes: benefitsRoutes },
  clinic: { service: 'visits', routes: clinicRoutes },
};

export interface AgenciesConfig {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly ports: Readonly<Record<AgencyName, number>>;
  /** Calls that each agency remembers for `GET /_sandbox/calls`. */
  readonly ledgerSize: number;
}

export interface RunningAgencies {
  /** Where each agency listens, without its service's path: `http://127.0.0.1:8141`. */
  readonly urls: Readonly<Record<AgencyName, string>>;
  close(): Promise<void>;
}

/** One agency's HTTP system, not yet listening; specs inject calls into it. */
export function createAgencyApp(name: AgencyName, ledgerSize: number): FastifyInstance {
  const { service, routes, hooks } = AGENCIES[name];
  return createAgencyServer(service, routes, ledgerSize, hooks);
}

/** Starts the four sample agencies; each listens on a port of its own, as four organisations would. */
export async function createAgencies(config: AgenciesConfig): Promise<RunningAgencies> {
  const started: FastifyInstance[] = [];
  const start = async (name: AgencyName): Promise<string> => {
    const app = createAgencyApp(name, config.ledgerSize);
    started.push(app);
    return app.listen({ host: config.host, port: config.ports[name] });
  };
  const close = async (): Promise<void> => {
    await Promise.all(started.map((app) => app.close()));
  };
  try {
    const [population, cadastre, benefits, clinic] = await Promise.all([
      start('population'),
      start('cadastre'),
      start('benefits'),
      start('clinic'),
    ]);
    return { urls: { population, cadastre, benefits, clinic }, close };
  } catch (cause) {
    await close();
    throw cause;
  }
}
