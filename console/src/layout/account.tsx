/** Who is logged in, and the way out. */
import { logOut, session } from "../session";
import { IconButton } from "../ui/button";
import { Icon } from "../ui/icon";

export function Account() {
  const caller = session.value?.caller;
  if (!caller) return null;
  return (
    <div class="account">
      <Icon name="user" size={20} />
      <div>
        <p>{caller.name}</p>
        <p class="muted">
          {caller.role}
          {caller.tenant !== null && ` of ${caller.tenant}`}
        </p>
      </div>
      {session.value?.csrf_token && (
        <IconButton icon="external" label="Log out" onClick={() => void logOut()} />
      )}
    </div>
  );
}
