/** The way in: by the organisation's log-in, or with an API token. */
import type { Session } from "../../session";
import { Mark } from "../../ui/icon";

export function LogInPage({ session }: { session: Session }) {
  return (
    <main class="login">
      <Mark size={44} />
      <h1>Webhook gateway</h1>
      <p class="muted">{session.logins.length} ways to log in</p>
    </main>
  );
}
