/** Which event types patterns stand for. Pure. */

/** Gives the event types that one of the patterns (`order.created`, `order.created@1`, `order.*`, `*`) is for. */
export function coveredTypes<T extends { event_type: string }>(
  patterns: readonly string[],
  types: readonly T[],
): T[] {
  return types.filter((type) => patterns.some((pattern) => isCovered(pattern, type.event_type)));
}

function isCovered(pattern: string, eventType: string): boolean {
  const name = pattern.split("@")[0] ?? "";
  if (name === "*" || name === eventType) return true;
  return name.endsWith(".*") && eventType.startsWith(name.slice(0, -1));
}
