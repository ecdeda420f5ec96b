/** Who is logged in, and what they may do. */
import { signal } from "@preact/signals";
import { type ApiError, answer, api, onLoggedOut, type Schemas, setCsrfToken } from "./api/client";
import { shown } from "./api/use-read";

export type Session = Schemas["SessionView"];
export type Role = NonNullable<Session["caller"]>["role"];

/** Each may do what those before it may. */
const ROLES: readonly Role[] = ["anonymous", "subscriber", "viewer", "operator", "admin"];

/** undefined until it is known. */
export const session = signal<Session | undefined>(undefined);
/** Somebody was logged in on this page, and is no longer: they have not done it themselves. */
export const sessionHasEnded = signal(false);
export const sessionError = signal<ApiError | undefined>(undefined);

/** Tells whether who is logged in may do what this role may. */
export function may(role: Role): boolean {
  const caller = session.value?.caller;
  return caller ? ROLES.indexOf(caller.role) >= ROLES.indexOf(role) : false;
}

/** Tells whether they may do what operators do for a tenant's own people, and these for themselves in the portal. */
export function mayHandle(): boolean {
  return may("operator") || session.value?.caller?.role === "subscriber";
}

/** Tells whether who is logged in sees the things of all tenants. */
export function seesAllTenants(): boolean {
  return session.value?.caller?.tenant === null;
}

/** Asks who is logged in. */
export async function loadSession(): Promise<void> {
  sessionError.value = undefined;
  try {
    keep(await answer(api.GET("/api/v1/session")));
  } catch (error) {
    sessionError.value = shown(error);
  }
}

/** Logs in with an API token; throws an `ApiError` where it is not good. */
export async function logIn(token: string): Promise<void> {
  keep(await answer(api.POST("/api/v1/session", { body: { token } })));
}

export async function logOut(): Promise<void> {
  await answer(api.DELETE("/api/v1/session"));
  await loadSession();
  sessionHasEnded.value = false;
}

function keep(found: Session): void {
  setCsrfToken(found.csrf_token ?? undefined);
  if (found.caller) sessionHasEnded.value = false;
  session.value = found;
}

onLoggedOut(() => {
  if (!session.value?.caller) return;
  sessionHasEnded.value = true;
  keep({ ...session.value, caller: null, csrf_token: null });
});
