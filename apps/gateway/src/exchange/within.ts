import { exchangeErrors } from './exchange.errors.js';

/** The promise's outcome, or a rejection after `ms`; the work itself goes on and its late outcome is dropped. */
export async function within<Value>(work: Promise<Value>, ms: number): Promise<Value> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(exchangeErrors.error('database-unavailable')), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
