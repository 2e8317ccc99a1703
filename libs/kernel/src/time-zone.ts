/** Whether a name is a time zone that the calendar of this runtime knows, e.g. `Asia/Baku`. */
export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone.length > 0;
  } catch {
    // RangeError is how Intl says no.
    return false;
  }
}
