/** Who is logged in, and the way out. */
import { useAction } from "../api/use-action";
import { logOut, session } from "../session";
import { IconButton } from "../ui/button";
import { Icon } from "../ui/icon";
import { Failure } from "../ui/states";

export function Account() {
  const leaving = useAction(logOut);
  const caller = session.value?.caller;
  if (!caller) return null;
  return (
    <div class="account">
      <Icon name="user" size={20} />
      <div>
        <p class="account-name" title={caller.name}>
          {caller.name}
        </p>
        <p class="muted">
          {caller.role}
          {caller.tenant !== null && ` of ${caller.tenant}`}
        </p>
      </div>
      {session.value?.csrf_token && (
        <IconButton icon="external" label="Log out" busy={leaving.busy} onClick={leaving.run} />
      )}
      {leaving.error && <Failure error={leaving.error} />}
    </div>
  );
}
