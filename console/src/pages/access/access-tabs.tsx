/** The two kinds of access that are given here: to programs and people by tokens, to a tenant's own people by links. */
import { may, seesAllTenants } from "../../session";
import { Tabs } from "../../ui/facts";

export const TOKENS = "/access";
export const LINKS = "/access/portal-links";

/** Tells whether who is logged in has anything to do with tokens: these are about all tenants. */
export function handsOutTokens(): boolean {
  return may("admin") && seesAllTenants();
}

export function AccessTabs({ here }: { here: string }) {
  if (!handsOutTokens()) return null;
  return (
    <Tabs
      label="Parts of access"
      here={here}
      tabs={[
        ["API tokens", TOKENS],
        ["Portal links", LINKS],
      ]}
    />
  );
}
