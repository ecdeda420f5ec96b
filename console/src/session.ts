/** Who is logged in, and what they may do. */
import { signal } from "@preact/signals";
import { ApiError, onLoggedOut, setCsrfToken } from "./api/client";
import { shown } from "./api/use-read";

export type Role = "anonymous" | "subscriber" | "viewer" | "operator" | "admin";

/** Each may do what those before it may. */
const ROLES: readonly Role[] = ["anonymous", "subscriber", "viewer", "operator", "admin"];

export interface Caller {
  name: string;
  role: Role;
  /** null for all tenants. */
  tenant: string | null;
}

export interface Session {
  /** null where nobody is logged in. */
  caller: Caller | null;
  /** Only who came with a cookie has one. */
  csrf_token: string | null;
  /** The ways to log in that this console has. */
  logins: string[];
}

/** undefined until it is known. */
export const session = signal<Session | undefined>(undefined);
export const sessionError = signal<ApiError | undefined>(undefined);

const PATH = "/api/v1/session";
/** A console without log-ins is one that only this machine reaches. */
const LOCAL: Session = {
  caller: { name: "local", role: "admin", tenant: null },
  csrf_token: null,
  logins: [],
};

/** Tells whether who is logged in may do what this role may. */
export function may(role: Role): boolean {
  const caller = session.value?.caller;
  return caller ? ROLES.indexOf(caller.role) >= ROLES.indexOf(role) : false;
}

/** Asks who is logged in. */
export async function loadSession(): Promise<void> {
  sessionError.value = undefined;
  try {
    const response = await fetch(PATH);
    if (!response.ok && response.status !== 404) throw new ApiError(await response.json());
    keep(response.status === 404 ? LOCAL : ((await response.json()) as Session));
  } catch (error) {
    sessionError.value = shown(error);
  }
}

export async function logOut(): Promise<void> {
  await fetch(PATH, { method: "DELETE", headers: { "X-CSRF-Token": session.value?.csrf_token ?? "" } });
  await loadSession();
}

function keep(found: Session): void {
  session.value = found;
  setCsrfToken(found.csrf_token ?? undefined);
}

onLoggedOut(() => {
  if (session.value?.caller) session.value = { ...session.value, caller: null, csrf_token: null };
});
