/** Every event worth waking somebody. */
export const alarmReasons = [
  'log-forked',
  'log-inconsistent',
  'log-shrunk',
  'log-unsigned',
  'log-distrusted',
  'opening-flawed',
  'opening-topic-broken',
  'commitments-unopened',
  'questions-overdue',
  'statements-given-up',
  'delivery-parked',
  'case-untold',
  'case-step-lost',
  'case-stranded',
  'registry',
] as const;
export type AlarmReason = (typeof alarmReasons)[number];
