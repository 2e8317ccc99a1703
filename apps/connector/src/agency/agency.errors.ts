import { defineErrors } from '#kernel';

/** Of connections to agencies' systems; consumers are told the reason of `outcomeReasons` in their place. */
export const agencyErrors = defineErrors('agency connections', {
  'agency-server-untrusted': {
    kind: 'refused',
    message:
      'The certificate that an agency’s system shows is not the one that was pinned, or no authority vouches for it.',
    next: 'Look at "agency not trusted" in the connector’s log for the reason; then set KEREGE_CONNECTOR_AGENCY_PINS or KEREGE_CONNECTOR_AGENCY_CA_FILE.',
  },
  'agency-handshake-failed': {
    kind: 'unavailable',
    message: 'No TLS came about with an agency’s system.',
    next: 'Compare versions of TLS, and whether that system takes the certificate of KEREGE_CONNECTOR_AGENCY_CERT_FILE.',
  },
});
