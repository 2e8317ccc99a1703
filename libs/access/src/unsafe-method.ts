const UNSAFE: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);

/** Whether a method changes something, so that its call may reach the agency at most once (`bus.md` §4.5). */
export function isUnsafeMethod(method: string): boolean {
  return UNSAFE.has(method);
}
