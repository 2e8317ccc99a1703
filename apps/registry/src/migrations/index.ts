import { Registry1800000000001 } from './0001-registry.js';
import { AgreementEndUser1800000000002 } from './0002-agreement-end-user.js';
import { AgreementLink1800000000003 } from './0003-agreement-link.js';
import { AgreementTerms1800000000006 } from './0006-agreement-terms.js';
import { ServiceContract1800000000007 } from './0007-service-contract.js';
import { AgreementQuota1800000000008 } from './0008-agreement-quota.js';
import { Changes1800000000009 } from './0009-changes.js';

/** In order; never changed once released. */
export const migrations = [
  Registry1800000000001,
  AgreementEndUser1800000000002,
  AgreementLink1800000000003,
  AgreementTerms1800000000006,
  ServiceContract1800000000007,
  AgreementQuota1800000000008,
  Changes1800000000009,
];
