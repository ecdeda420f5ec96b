/** The way in: by the organisation's log-in, or with an API token. */
import { useEffect, useState } from "preact/hooks";
import { useAction } from "../../api/use-action";
import { ThemeSwitch } from "../../layout/theme-switch";
import { logIn, type Session, sessionHasEnded } from "../../session";
import { Button } from "../../ui/button";
import { TextField } from "../../ui/field";
import { Mark } from "../../ui/icon";
import { Failure } from "../../ui/states";

export function LogInPage({ logIns }: { logIns: Session["log_ins"] }) {
  const [token, setToken] = useState("");
  const entering = useAction(logIn);
  useEffect(() => {
    document.title = "Log in · Webhook gateway";
  }, []);
  const back = encodeURIComponent(location.pathname + location.search);
  return (
    <main class="login">
      <div class="login-box">
        <Mark size={44} />
        <h1>Webhook gateway</h1>
        {sessionHasEnded.value && (
          <p role="status">Your session has ended. Log in to go on where you were.</p>
        )}
        {logIns.page && (
          <a class="button button-primary" href={`${logIns.page}?back=${back}`}>
            Log in with your organisation
          </a>
        )}
        {logIns.page && logIns.token && <p class="login-or muted">or</p>}
        {logIns.token && (
          <form
            class="form"
            onSubmit={(event) => {
              event.preventDefault();
              void entering.run(token.trim());
            }}
          >
            {entering.error && <Failure error={entering.error} />}
            <TextField
              label="API token"
              type="password"
              name="token"
              placeholder="gwt_…"
              hint={
                <>
                  An operator makes one with <code>gateway tokens create</code>.
                </>
              }
              required
              maxLength={256}
              value={token}
              onValue={setToken}
            />
            <Button
              type="submit"
              kind={logIns.page ? "plain" : "primary"}
              busy={entering.busy}
              disabled={!token.trim()}
            >
              Log in
            </Button>
          </form>
        )}
      </div>
      <ThemeSwitch />
    </main>
  );
}
