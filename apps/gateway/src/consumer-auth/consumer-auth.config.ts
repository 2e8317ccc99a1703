import { setting, tlsSettings } from '#platform';

/** How consumers prove who they are; the gateway's own definition spreads them in. */
export const consumerAuthSettings = {
  consumerAuth: setting.oneOf({
    env: 'KEREGE_GATEWAY_CONSUMER_AUTH',
    values: ['loopback', 'proven'],
    default: 'loopback',
    meaning:
      'Whom calls are believed. `loopback`: X-Road-Client, by programs of this machine alone. `proven`: client certificates that the registry has for the subsystem. Access tokens are taken with either.',
  }),
  publicUrl: setting.text({
    env: 'KEREGE_GATEWAY_URL',
    default: '',
    meaning:
      "This gateway's URL as its consumers know it: the audience of their client assertions. Instances behind one address share it. Empty: where it listens.",
  }),
  ...tlsSettings('GATEWAY'),
  tlsClientCaFile: setting.text({
    env: 'KEREGE_GATEWAY_TLS_CLIENT_CA_FILE',
    default: '',
    meaning: 'The authorities whose client certificates are looked at, PEM. Empty: no certificate is asked for.',
  }),
  tlsClientCrlFile: setting.text({
    env: 'KEREGE_GATEWAY_TLS_CLIENT_CRL_FILE',
    default: '',
    meaning:
      'Their revocation lists, PEM: one for each authority of a chain, or none of its certificates is believed; neither is one whose list is out of date. Empty: revocation is the registry’s alone.',
  }),
};
