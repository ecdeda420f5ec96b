/** What stands where something else will, can't, or could stand: loading, failed, empty. */
import type { ComponentChildren } from "preact";
import type { ApiError } from "../api/client";
import type { Read } from "../api/use-read";
import { Button } from "./button";
import { Icon, type IconName } from "./icon";

/** Grey lines in the place of what is read. */
export function Skeleton({ lines = 3 }: { lines?: number }) {
  return (
    <div class="skeleton" role="status">
      <span class="visually-hidden">Loading</span>
      {Array.from({ length: lines }, (_, line) => (
        <span key={line} class="skeleton-line" />
      ))}
    </div>
  );
}

/** Nothing is there; says why, and what to do about it. */
export function Empty({
  icon = "search",
  title,
  children,
}: {
  icon?: IconName;
  title: string;
  children?: ComponentChildren;
}) {
  return (
    <div class="empty">
      <Icon name={icon} size={28} />
      <p class="empty-title">{title}</p>
      {children && <div class="muted">{children}</div>}
    </div>
  );
}

/** What went wrong, what to do about it, and a button that tries again. */
export function Failure({ error, retry }: { error: ApiError; retry?: () => void }) {
  return (
    <div class="notice tone-bad" role="alert">
      <Icon name="alert" />
      <div>
        <p>{sentence(error.message)}</p>
        {error.hint && <p class="muted">{sentence(error.hint)}</p>}
      </div>
      {retry && (
        <Button small icon="replay" onClick={retry}>
          Try again
        </Button>
      )}
    </div>
  );
}

/** Shows what was read: grey lines before, the error in its place, or above what was read before it. */
export function Loaded<T>({
  read,
  children,
  lines,
}: {
  read: Read<T>;
  children: (data: T) => ComponentChildren;
  lines?: number;
}) {
  if (read.data === undefined) {
    return read.error ? (
      <Failure error={read.error} retry={read.again} />
    ) : (
      <Skeleton {...(lines ? { lines } : {})} />
    );
  }
  return (
    <>
      {read.error && <Failure error={read.error} retry={read.again} />}
      {children(read.data)}
    </>
  );
}

/** Messages of the gateway begin small, as in a terminal. */
export function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
