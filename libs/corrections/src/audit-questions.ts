/** The auditor's questions of `corrections.md` §9, in its order. */
export const AUDIT_QUESTIONS = [
  'receipt',
  'overdue',
  'recipients',
  'disputed-answers',
  'decisions',
  'rejections',
  'elements',
  'extensions',
  'transfers',
  'accesses',
  'concealed-recipients',
  'reopened-by-verification',
] as const;
export type AuditQuestion = (typeof AUDIT_QUESTIONS)[number];
