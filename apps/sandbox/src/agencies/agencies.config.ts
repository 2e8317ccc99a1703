import { defineConfig, setting, type Environment } from '#platform';
import type { AgenciesConfig } from './agencies.module.js';

export const agenciesConfig = defineConfig('sample agencies', {
  host: setting.text({ env: 'KEREGE_HOST', default: '127.0.0.1', meaning: 'Address to listen on.' }),
  populationPort: setting.port({
    env: 'KEREGE_AGENCY_POPULATION_PORT',
    default: 8141,
    meaning: 'Population Register.',
  }),
  cadastrePort: setting.port({ env: 'KEREGE_AGENCY_CADASTRE_PORT', default: 8142, meaning: 'Property Cadastre.' }),
  benefitsPort: setting.port({ env: 'KEREGE_AGENCY_BENEFITS_PORT', default: 8143, meaning: 'Social Fund.' }),
  clinicPort: setting.port({ env: 'KEREGE_AGENCY_CLINIC_PORT', default: 8144, meaning: 'Family Clinic.' }),
  ledgerSize: setting.integer({
    env: 'KEREGE_AGENCY_LEDGER_SIZE',
    default: 10_000,
    min: 1,
    max: 1_000_000,
    meaning: 'Calls that each agency remembers for GET /_sandbox/calls.',
  }),
});

export function loadAgencies(environment?: Environment): AgenciesConfig {
  const { populationPort, cadastrePort, benefitsPort, clinicPort, ...config } = agenciesConfig.load(environment);
  const ports = { population: populationPort, cadastre: cadastrePort, benefits: benefitsPort, clinic: clinicPort };
  return { ...config, ports };
}
