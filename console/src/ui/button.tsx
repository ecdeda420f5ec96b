/** What one presses: a button that does something, or a link that looks like one. */
import type { ComponentChildren, JSX } from "preact";
import { Link } from "wouter-preact";
import { Icon, type IconName } from "./icon";

interface Look {
  /** primary: the one thing to do here; danger: it can't be undone; quiet: beside others. */
  kind?: "primary" | "plain" | "danger" | "quiet";
  icon?: IconName;
  small?: boolean;
  children?: ComponentChildren;
}

type Props = Look &
  Omit<JSX.IntrinsicElements["button"], "icon" | "size"> & {
    /** It was pressed and is not done yet. */
    busy?: boolean;
  };

export function Button({ kind = "plain", icon, small, busy, children, disabled, ...rest }: Props) {
  return (
    <button type="button" {...rest} class={look(kind, small)} disabled={disabled || busy} aria-busy={busy}>
      {busy ? <span class="spinner" /> : icon && <Icon name={icon} size={16} />}
      {children && <span>{children}</span>}
    </button>
  );
}

/** A button with an icon only; `label` says what it does. */
export function IconButton({
  label,
  icon,
  ...rest
}: { label: string; icon: IconName } & Omit<Props, "children" | "label">) {
  return <Button kind="quiet" {...rest} icon={icon} aria-label={label} title={label} />;
}

export function ButtonLink({ kind = "plain", icon, small, children, href }: Look & { href: string }) {
  return (
    <Link href={href} class={look(kind, small)}>
      {icon && <Icon name={icon} size={16} />}
      <span>{children}</span>
    </Link>
  );
}

function look(kind: string, small: boolean | undefined): string {
  return `button button-${kind}${small ? " button-small" : ""}`;
}
