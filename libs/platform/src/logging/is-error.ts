/** Also true for an error of another realm (Jest runs specs in one), which `instanceof` alone denies. */
export function isError(cause: unknown): cause is Error {
  return cause instanceof Error || Object.prototype.toString.call(cause) === '[object Error]';
}
