import { expect, it } from '@jest/globals';
import { AppMetrics, silentLogger } from '#platform';
import { alarmReason } from '../dispatch/dispatch-events.js';
import { dispatchEvents } from './connector-metrics.service.js';

it('counts alarms by a closed list of reasons', async () => {
  const metrics = new AppMetrics('connector');
  const events = dispatchEvents(metrics, silentLogger());
  events.alarm('receipt-conflict', {});
  events.alarm(alarmReason('registry-copy-failed'), {});
  events.alarm(alarmReason('DEMO/PIN/1'), {});
  const text = await metrics.text();
  for (const reason of ['receipt-conflict', 'registry-copy-failed', 'other'])
    expect(text).toContain(`kerege_connector_alarms_total{reason="${reason}",app="connector"} 1`);
  expect(text).not.toContain('DEMO/PIN/1');
});
