export { logWatchErrors } from './log-watch.errors.js';
export { logWatchSettings } from './log-watch.config.js';
export { logKeys, watchLog } from './watch-log.service.js';
export { LogWatcher, type LogWatcherOptions } from './log-watcher.worker.js';
export { AuditService, type PublicLog } from './public-log.service.js';
export { LogFiles, type NamedLog } from './log-files.service.js';
export { RememberedNotes } from './remembered-note.store.js';
export { witnessPolicy } from './witness-policy.service.js';
export { VerifiedLog, type LogFlaw, type SignedHead, type VerifiedLeaf } from './verified-log.service.js';
