/** Who is logged in, and what they may do. */
import { signal } from "@preact/signals";
import { type ApiError, answer, api, refusals, type Schemas, setCsrfToken } from "./api/client";
import { shown } from "./api/use-read";

export type Session = Schemas["SessionView"];
export type Role = NonNullable<Session["caller"]>["role"];

/** Each may do what those before it may. */
const ROLES: readonly Role[] = ["anonymous", "subscriber", "viewer", "operator", "admin"];

/** undefined until it is known. It stays what it was when the session ends, as the page does. */
export const session = signal<Session | undefined>(undefined);
export const sessionError = signal<ApiError | undefined>(undefined);

/** To the console's other tabs, which share the cookie: undefined in the portal, which has none. */
let tabs: BroadcastChannel | undefined;
type TabSays = "came" | "left";

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

/** Asks who is logged in, and asks again when that changes in another tab. */
export async function beginSession(): Promise<void> {
  tabs = new BroadcastChannel("gateway.session");
  tabs.onmessage = ({ data: said }: MessageEvent<TabSays>) => {
    // Who logs out leaves nothing on any screen; a session that ends by itself leaves its pages.
    if (said === "left") session.value = undefined;
    void loadSession();
  };
  await loadSession();
  // They may have come from the identity provider, and another tab waits for that.
  if (session.value?.caller) tellTabs("came");
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
  tellTabs("came");
}

export async function logOut(): Promise<void> {
  await answer(api.DELETE("/api/v1/session"));
  session.value = undefined;
  tellTabs("left");
  await loadSession();
}

function keep(found: Session): void {
  if (!found.caller && session.value?.caller) {
    refusals.value += 1;
    return;
  }
  setCsrfToken(found.csrf_token ?? undefined);
  refusals.value = 0;
  session.value = found;
}

function tellTabs(said: TabSays): void {
  tabs?.postMessage(said);
}
