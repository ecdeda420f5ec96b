/** The token of a portal link, in the fragment of the address: no server sees it there, and so no log. Pure. */

const TOKEN = /^#(gwl_[\w.-]+)$/;

/** Gives the token; undefined where the fragment is something else. */
export function tokenOf(fragment: string): string | undefined {
  return TOKEN.exec(fragment)?.[1];
}
