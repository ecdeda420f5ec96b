/** The address of a group of dead letters: a subscription, and why they were given up. Pure. */

export interface Group {
  subscription: string;
  /** null: of any reason. */
  reason: string | null;
}

export function pathOfGroup({ subscription, reason }: Group): string {
  const path = `/dead-letters/${encodeURIComponent(subscription)}`;
  return reason === null ? path : `${path}?reason=${encodeURIComponent(reason)}`;
}
