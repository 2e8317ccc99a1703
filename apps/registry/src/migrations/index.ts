import { Registry1800000000001 } from './0001-registry.js';
import { AgreementEndUser1800000000002 } from './0002-agreement-end-user.js';

/** In order; never changed once released. */
export const migrations = [Registry1800000000001, AgreementEndUser1800000000002];
