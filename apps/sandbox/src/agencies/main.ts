import { runMain } from '#platform';
import { loadAgencies } from './agencies.config.js';
import { createAgencies } from './agencies.module.js';

runMain('agencies', () => createAgencies(loadAgencies()));
