/** How the portal is opened: a link's token becomes a session's, which lives in this page's memory and nowhere else. */
import { signal } from "@preact/signals";
import { type ApiError, answer, api, type Schemas, setBearer } from "../../api/client";
import { shown } from "../../api/use-read";
import { loadSession } from "../../session";
import { tokenOf } from "./link-token";

/** undefined while there is none. */
export const opened = signal<Schemas["PortalSessionView"] | undefined>(undefined);
export const opening = signal(false);
export const openingError = signal<ApiError | undefined>(undefined);

/** Opens the portal with the link by which the page was reached, and takes its token out of the address. */
export async function openByLink(): Promise<void> {
  const token = tokenOf(location.hash);
  if (token === undefined) return;
  history.replaceState(null, "", location.pathname + location.search);
  opening.value = true;
  openingError.value = undefined;
  try {
    const found = await answer(api.POST("/api/v1/portal/session", { body: { token } }));
    setBearer(found.token);
    await loadSession();
    opened.value = found;
  } catch (error) {
    openingError.value = shown(error);
  } finally {
    opening.value = false;
  }
}
