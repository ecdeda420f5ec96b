/** The addresses of an event type's pages. */

export type Part = "versions" | "schema" | "example" | "impact";

export function pathOfType(eventType: string, part: Part = "versions"): string {
  const path = `/catalog/${encodeURIComponent(eventType)}`;
  return part === "versions" ? path : `${path}/${part}`;
}
