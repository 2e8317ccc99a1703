import { expect, it } from '@jest/globals';
import { AppMetrics, silentLogger } from '#platform';
import { alarmReason } from '../dispatch/dispatch-events.js';
import { clockDistances, connectorMetrics, dispatchEvents } from './connector-metrics.service.js';

it('counts alarms by a closed list of reasons', async () => {
  const metrics = new AppMetrics('connector');
  const events = dispatchEvents(connectorMetrics.on(metrics), silentLogger());
  events.alarm('receipt-conflict', {});
  events.alarm(alarmReason('registry-copy-failed'), {});
  events.alarm(alarmReason('DEMO/PIN/1'), {});
  const text = await metrics.text();
  for (const reason of ['receipt-conflict', 'registry-copy-failed', 'other'])
    expect(text).toContain(`kerege_connector_alarms_total{reason="${reason}",app="connector"} 1`);
  expect(text).not.toContain('DEMO/PIN/1');
});

it('shows how far clocks are from the broker’s', async () => {
  const metrics = new AppMetrics('connector');
  clockDistances(connectorMetrics.on(metrics)).clockDistance('own', -750);
  expect(await metrics.text()).toContain('kerege_connector_clock_distance_seconds{clock="own",app="connector"} -0.75');
});
