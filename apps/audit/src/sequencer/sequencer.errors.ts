import { defineErrors } from '#kernel';

export const sequencerErrors = defineErrors('sequencer', {
  'log-fenced': {
    kind: 'conflict',
    message: 'Another sequencer has taken over this log',
    next: 'Nothing, if that is meant; else end one of the two. This one releases nothing any more',
  },
  'log-not-owned': {
    kind: 'unavailable',
    message: 'This process does not sequence the log now',
    next: 'Wait: it stands by, and claims the log when its owner is gone',
  },
  'log-closed': {
    kind: 'conflict',
    message: 'This window of the log has its last leaf',
    next: 'Nothing: its successor is being opened and takes the stamps',
  },
  'log-damaged': {
    kind: 'broken',
    message: 'The stored log does not agree with its own signed checkpoint',
    next: 'Do not start it: page a human, compare with receipts, exports and the checkpoint topic (details name what differs)',
  },
  'log-behind': {
    kind: 'broken',
    message: 'The stored log is older than a checkpoint that was published',
    next: 'Do not start it: the database lost committed stamps, or an old copy was restored',
  },
  'stamp-topic-truncated': {
    kind: 'broken',
    message: 'The stamp topic does not hold what the log has to read next: it was made anew, or lost unread stamps',
    next: 'Find out what was lost (details give the offsets); then start once with KEREGE_AUDIT_ACCEPT_NEW_TOPIC=true',
  },
  'checkpoints-unread': {
    kind: 'unavailable',
    message:
      'The published checkpoints of this log could not be read back, so it is not known whether the log is behind',
    next: 'Nothing at first: it is tried again. If it stays, look at what stands at the end of audit.checkpoints',
  },
  'log-key-mismatch': {
    kind: 'invalid',
    message: 'The log key in the key folder is not the one that trust.json names for this origin',
    next: 'Compare KEREGE_AUDIT_ORIGIN, the key file and trust.json',
  },
  'instance-key-unknown': {
    kind: 'invalid',
    message: 'The registry’s snapshot does not have the key with which this service would close the window',
    next: 'Publish the audit instance with its key; until then the window stays open',
  },
  'commit-unknown': {
    kind: 'unavailable',
    message: 'It is not known whether a batch was committed',
    next: 'Nothing: the head is read again until the database answers',
  },
});
