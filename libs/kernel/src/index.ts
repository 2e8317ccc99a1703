export { Secret } from './secret.js';
export { ok, refuse, type Ok, type Refused, type Result } from './result.js';
export {
  AppError,
  defineErrors,
  ErrorCatalogue,
  statusOf,
  type AppErrorContext,
  type ErrorEntry,
  type ErrorKind,
} from './app-error.js';
export {
  bytesEqual,
  fromBase64,
  fromBase64Url,
  fromHex,
  sha256,
  sha512,
  toBase64,
  toBase64Url,
  toHex,
} from './bytes.js';
export { Capacity, type Claim } from './capacity.js';
export {
  memberOf,
  parseMemberId,
  parseServiceId,
  parseSubsystemId,
  registerInstanceId,
  registerMemberId,
  registerServiceId,
  registerSubsystemId,
  serviceCodeOf,
  serviceId,
  subsystemOf,
  type IdentifierReason,
  type InstanceId,
  type MemberId,
  type ServiceId,
  type SubsystemId,
} from './identifier.js';
export {
  exchangeIdBytes,
  exchangeIdFromBytes,
  newExchangeId,
  parseExchangeId,
  type ExchangeId,
} from './exchange-id.js';
export { systemClock, type Clock } from './clock.js';
export { Coalescer, type CoalescerOptions } from './coalescer.js';
export { isTimeZone } from './time-zone.js';
