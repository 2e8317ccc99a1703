import { runMain } from '#platform';
import { portalConfig } from './portal.config.js';
import { createPortal } from './portal.module.js';

runMain('portal', () => createPortal(portalConfig.load()));
