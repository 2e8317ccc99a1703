export { verifyLog, type LogVerdict, type LogVerifyOptions } from './verify-log.js';
export { readCheckpoint, type Checkpoint } from './checkpoint.js';
export { continues } from './seen-before.js';
export { explainFinding, type Finding, type FindingCode } from './findings.js';
export { type LogSource } from './log-source.js';
export { type LogReport } from './report.js';
export { decodeState, encodeState, type LogState } from './state.js';
export { ThreadedChecks } from './tile-checks.service.js';
export { type TileChecks } from './tile-checks.js';
