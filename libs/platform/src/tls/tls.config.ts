import { setting } from '../config/setting.js';

/** TLS of an app that serves; `app` is the app's name in the variables, so that those of one machine can differ. */
export function tlsSettings(app: 'AUDIT' | 'CONNECTOR' | 'FEEDBACK' | 'GATEWAY' | 'REGISTRY') {
  const prefix = `KEREGE_${app}_TLS`;
  return {
    tlsCertFile: setting.text({
      env: `${prefix}_CERT_FILE`,
      default: '',
      meaning:
        'The certificate of this app with its intermediates, PEM. Empty: it speaks plain HTTP, on loopback only.',
    }),
    tlsKeyFile: setting.text({
      env: `${prefix}_KEY_FILE`,
      default: '',
      meaning: 'The private key of that certificate, PEM.',
    }),
    tlsMinVersion: setting.oneOf({
      env: `${prefix}_MIN_VERSION`,
      values: ['1.2', '1.3'],
      default: '1.2',
      meaning: 'Oldest version of TLS that is spoken.',
    }),
    tlsReloadMs: setting.durationMs({
      env: `${prefix}_RELOAD_MS`,
      default: 5_000,
      min: 100,
      max: 600_000,
      meaning: 'How often these files are looked at; what has changed counts from then on, and at once after SIGHUP.',
    }),
  };
}
