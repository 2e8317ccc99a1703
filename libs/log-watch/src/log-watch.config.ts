import { setting } from '#platform';

/** Settings of every process that watches the log for itself. */
export const logWatchSettings = {
  logNotesDir: setting.path({
    env: 'KEREGE_LOG_NOTES_DIR',
    default: './data/notes/own',
    meaning:
      'Folder in which this process alone remembers the newest note of the log that it verified, the proof of a fork, and of the registry the newest manifest and every member’s keys and document that it believed.',
  }),
  logLookMs: setting.durationMs({
    env: 'KEREGE_LOG_LOOK_MS',
    default: 60_000,
    min: 1_000,
    max: 600_000,
    meaning: 'How often the log that is remembered is compared with the one that everybody is shown.',
  }),
  logUnwitnessedMs: setting.durationMs({
    env: 'KEREGE_LOG_UNWITNESSED_MS',
    default: 600_000,
    min: 1_000,
    meaning: 'For how long witnesses may be too few before /status says unwitnessed; traffic goes on.',
  }),
};
