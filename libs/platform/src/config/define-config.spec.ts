import { AppError } from '#kernel';
import { defineConfig, describeConfig } from './define-config.js';
import { configErrors } from './config.errors.js';
import { setting } from './setting.js';

const definition = defineConfig('example', {
  port: setting.port({ env: 'X_PORT', default: 8080, meaning: 'Port.' }),
  wait: setting.durationMs({ env: 'X_WAIT', default: 250, min: 10, meaning: 'How long.' }),
  brokers: setting.list({ env: 'X_BROKERS', default: ['a:1'], meaning: 'Brokers.' }),
  mode: setting.oneOf({ env: 'X_MODE', default: 'fast', values: ['fast', 'safe'], meaning: 'Mode.' }),
  loud: setting.flag({ env: 'X_LOUD', default: false, meaning: 'Loud.' }),
  name: setting.text({ env: 'X_NAME', meaning: 'Name.' }),
});

function failure(environment: Record<string, string>): AppError {
  try {
    definition.load(environment);
  } catch (cause) {
    if (cause instanceof AppError) return cause;
  }
  throw configErrors.error('config-invalid', { details: { test: 'nothing was thrown' } });
}

describe('defineConfig', () => {
  it('reads typed values and falls back to defaults', () => {
    const config = definition.load({ X_NAME: 'n', X_PORT: '9', X_BROKERS: 'b:1, c:2', X_LOUD: 'true', X_MODE: 'safe' });
    expect(config).toEqual({ port: 9, wait: 250, brokers: ['b:1', 'c:2'], mode: 'safe', loud: true, name: 'n' });
  });

  it('reports all problems together, by variable and without values', () => {
    const error = failure({ X_PORT: '99999', X_WAIT: '5', X_LOUD: 'yes', X_MODE: 'hidden-value' });
    expect(error.code).toBe('config-invalid');
    const text = JSON.stringify(error.extensions);
    for (const name of ['X_PORT', 'X_WAIT', 'X_LOUD', 'X_MODE', 'X_NAME']) expect(text).toContain(name);
    expect(text).not.toContain('hidden-value');
  });

  it.each(['', '-1', '1.5', '0x10', '1e3', ' 1'])('refuses the number %j', (text) => {
    expect(failure({ X_NAME: 'n', X_PORT: text }).code).toBe('config-invalid');
  });

  it('makes paths absolute, also by default', () => {
    const paths = defineConfig('paths', { dir: setting.path({ env: 'X_DIR', default: './data', meaning: 'Folder.' }) });
    expect(paths.load({}).dir).toBe(`${process.cwd()}/data`);
    expect(describeConfig(paths)[0]?.default).toBe('./data');
  });

  it('freezes what it loads', () => {
    expect(Object.isFrozen(definition.load({ X_NAME: 'n' }))).toBe(true);
  });

  it('describes every setting for the generated documents', () => {
    const [port, wait] = describeConfig(definition);
    expect(port).toEqual({ env: 'X_PORT', kind: 'port', default: '8080', secret: false, meaning: 'Port.' });
    expect(wait).toMatchObject({ unit: 'ms', default: '250' });
    expect(describeConfig(definition).at(-1)).not.toHaveProperty('default');
  });
});
