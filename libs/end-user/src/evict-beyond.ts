/** Takes away what came first, once there is more than fits. */
export function evictBeyond(map: Map<string, unknown>, limit: number): void {
  const [oldest] = map.keys();
  if (map.size > limit && oldest !== undefined) map.delete(oldest);
}
