/** The way in, for who comes without a session. */
import { useEffect } from "preact/hooks";
import { ThemeSwitch } from "../../layout/theme-switch";
import type { Session } from "../../session";
import { Mark } from "../../ui/icon";
import { WaysIn } from "./ways-in";

export function LogInPage({ logIns }: { logIns: Session["log_ins"] }) {
  useEffect(() => {
    document.title = "Log in · Webhook gateway";
  }, []);
  return (
    <main class="login">
      <div class="login-box">
        <Mark size={44} />
        <h1>Webhook gateway</h1>
        <WaysIn logIns={logIns} back={location.pathname + location.search} />
      </div>
      <ThemeSwitch />
    </main>
  );
}
