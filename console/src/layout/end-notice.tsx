/** Says over a page that whoever looks at it is let in no more. The page stays: it may hold what somebody has typed. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { refusals } from "../api/client";
import { Button } from "../ui/button";
import { Dialog } from "../ui/dialog";
import { Icon } from "../ui/icon";

interface Props {
  title: string;
  /** What leads from the bar to the dialog. */
  more: string;
  /** How to go on. */
  children: ComponentChildren;
}

/** A dialog; once it is closed, a bar, until something is refused again. */
export function EndNotice({ title, more, children }: Props) {
  const [closedAt, setClosedAt] = useState(0);
  if (refusals.value > closedAt) {
    return (
      <Dialog title={title} onClose={() => setClosedAt(refusals.value)}>
        {children}
      </Dialog>
    );
  }
  return (
    <div class="end-bar" role="alert">
      <Icon name="alert" />
      <p>{title}: what you see is as it was then.</p>
      <Button small kind="primary" onClick={() => setClosedAt(0)}>
        {more}
      </Button>
    </div>
  );
}
