import { defineErrors } from '#kernel';

export const exportErrors = defineErrors('audit-export', {
  'export-failed': {
    kind: 'unavailable',
    message: 'The log’s files could not be written.',
    next: 'Nothing at first: it is tried again each second, and nothing wrong was written. If it stays, look at the folder',
  },
  'export-disk-full': {
    kind: 'unavailable',
    message: 'The disk of the exported log is full; the exported checkpoint stays where it was.',
    next: 'Make room where KEREGE_AUDIT_EXPORT_DIR lies; the export then goes on by itself',
  },
  'export-foreign': {
    kind: 'broken',
    message: 'The checkpoint in the export folder is not one of this log; nothing is written beside it.',
    next: 'Give each log a folder of its own; if it is this log’s, its file was altered: keep it, and page a human',
  },
  'export-ahead': {
    kind: 'broken',
    message: 'The exported checkpoint is larger than the log: the database lost leaves, or an old copy was restored.',
    next: 'Stop the log and page a human: compare with receipts, witnesses and the checkpoint topic',
  },
  'export-forked': {
    kind: 'broken',
    message: 'The log is not the one whose checkpoint was exported: its tree differs at that size.',
    next: 'Stop the log and page a human; the exported files and the database tell two stories',
  },
  'export-damaged': {
    kind: 'broken',
    message: 'What the database holds does not give the root that its checkpoint names; no checkpoint was exported.',
    next: 'Page a human: leaves or manifests were altered or are missing (details name what)',
  },
});
