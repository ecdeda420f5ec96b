/** How one is let in: by the organisation's log-in, or with an API token. */
import { useState } from "preact/hooks";
import { useAction } from "../../api/use-action";
import { logIn, type Session } from "../../session";
import { Button } from "../../ui/button";
import { TextField } from "../../ui/field";
import { Failure } from "../../ui/states";

interface Props {
  logIns: Session["log_ins"];
  /** Where the identity provider sends people back to. */
  back: string;
  /** Its pages are opened in another tab, so that this one stays as it is. */
  apart?: boolean;
}

export function WaysIn({ logIns, back, apart = false }: Props) {
  const [token, setToken] = useState("");
  const entering = useAction(logIn);
  return (
    <>
      {logIns.page && (
        <a
          class="button button-primary button-sentence"
          href={`${logIns.page}?back=${encodeURIComponent(back)}`}
          {...(apart ? { target: "_blank", rel: "noopener" } : {})}
        >
          Log in with your organisation{apart && ", in another tab"}
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
    </>
  );
}
