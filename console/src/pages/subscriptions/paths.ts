/** The addresses of a subscription's pages. */

export function pathOf(id: string, part?: "edit" | "settings" | "history"): string {
  const path = `/subscriptions/${encodeURIComponent(id)}`;
  return part ? `${path}/${part}` : path;
}
