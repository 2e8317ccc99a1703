import { setting } from '#platform';

/** How the agencies' systems are known, and the connector to them; the connector's own definition spreads them in. */
export const agencySettings = {
  agencies: setting.list({
    env: 'KEREGE_CONNECTOR_AGENCIES',
    meaning: 'SERVICE=URL of every service that is served here: where the agency’s own HTTP system listens.',
  }),
  agencyPins: setting.list({
    env: 'KEREGE_CONNECTOR_AGENCY_PINS',
    default: [],
    meaning:
      'Whom the connector calls by https: SERVICE=sha256:HEX for the system’s certificate, SERVICE=spki:HEX for its public key, several for a change. SUBSYSTEM=… is for its notices, and for its services without a pin of their own. A pinned system is believed by its pin and dates alone.',
  }),
  agencyCaFile: setting.text({
    env: 'KEREGE_CONNECTOR_AGENCY_CA_FILE',
    default: '',
    meaning:
      'The authorities that vouch for systems without a pin, PEM. Empty: nobody does, not even those of the web.',
  }),
  agencyCrlFile: setting.text({
    env: 'KEREGE_CONNECTOR_AGENCY_CRL_FILE',
    default: '',
    meaning: 'Their revocation lists, PEM: one for each authority of a chain, or none of its certificates is believed.',
  }),
  agencyCertFile: setting.text({
    env: 'KEREGE_CONNECTOR_AGENCY_CERT_FILE',
    default: '',
    meaning: 'The certificate that the connector shows to agencies’ systems, PEM. Empty: none.',
  }),
  agencyKeyFile: setting.text({
    env: 'KEREGE_CONNECTOR_AGENCY_KEY_FILE',
    default: '',
    meaning: 'The private key of that certificate, PEM.',
  }),
  agencyUnverified: setting.list({
    env: 'KEREGE_CONNECTOR_AGENCY_UNVERIFIED',
    default: [],
    meaning:
      'SERVICE or SUBSYSTEM whose system’s certificate is not verified, as X-Road’s switch has it: whoever sits between reads and answers everything. The log and /status say so.',
  }),
  agencyPlain: setting.list({
    env: 'KEREGE_CONNECTOR_AGENCY_PLAIN',
    default: [],
    meaning:
      'SERVICE or SUBSYSTEM whose system may be called by plain HTTP on another machine, inside a network of the agency’s own; without this only this machine is. The log and /status say so.',
  }),
  agencyTlsMinVersion: setting.oneOf({
    env: 'KEREGE_CONNECTOR_AGENCY_TLS_MIN_VERSION',
    values: ['1.2', '1.3'],
    default: '1.2',
    meaning: 'Oldest version of TLS that is spoken with agencies’ systems.',
  }),
  agencyTlsReloadMs: setting.durationMs({
    env: 'KEREGE_CONNECTOR_AGENCY_TLS_RELOAD_MS',
    default: 5_000,
    min: 100,
    max: 600_000,
    meaning: 'How often these files are looked at; what has changed counts from then on, and at once after SIGHUP.',
  }),
};
