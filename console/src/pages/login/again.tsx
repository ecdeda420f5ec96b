/** The way back in for whose session has ended, over the page where they were; and the page that ends it elsewhere. */
import { useEffect } from "preact/hooks";
import { Link } from "wouter-preact";
import { EndNotice } from "../../layout/end-notice";
import type { Session } from "../../session";
import { Empty } from "../../ui/states";
import { WaysIn } from "./ways-in";

/** Where the identity provider leads in the other tab. */
export const LOGGED_IN = "/logged-in";

export function LogInAgain({ logIns }: { logIns: Session["log_ins"] }) {
  return (
    <EndNotice title="Your session has ended" more="Log in">
      <p>What you see and what you have typed stays. Log in, and go on where you were.</p>
      <WaysIn logIns={logIns} back={LOGGED_IN} apart />
    </EndNotice>
  );
}

/** It has told the other tabs by being opened. */
export function LoggedInPage() {
  useEffect(() => {
    document.title = "Logged in · Webhook gateway";
  }, []);
  return (
    <main class="login">
      <h1 class="visually-hidden">Webhook gateway</h1>
      <Empty icon="check" title="You are logged in">
        <p>The tab where you were goes on; this one can be closed.</p>
        <Link href="/">Or begin here, with the overview</Link>
      </Empty>
    </main>
  );
}
