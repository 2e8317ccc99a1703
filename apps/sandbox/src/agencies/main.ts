import { runMain } from '#platform';
import { agenciesConfig } from './agencies.config.js';
import { createAgencies } from './agencies.module.js';

runMain('agencies', () => {
  const { populationPort, cadastrePort, benefitsPort, clinicPort, ...config } = agenciesConfig.load();
  const ports = { population: populationPort, cadastre: cadastrePort, benefits: benefitsPort, clinic: clinicPort };
  return createAgencies({ ...config, ports });
});
