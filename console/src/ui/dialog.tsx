/** Dialogs: the browser's own, which keep the focus and end with Escape. */
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import type { ApiError } from "../api/client";
import { Button, IconButton } from "./button";
import { TextField } from "./field";
import { Failure } from "./states";

interface Props {
  title: string;
  onClose: () => void;
  children: ComponentChildren;
  /** Buttons at its foot. */
  actions?: ComponentChildren;
  wide?: boolean;
  /** It keeps what can't be shown again: only the buttons at its foot end it. */
  firm?: boolean;
}

/** A dialog that is open for as long as it is there. */
export function Dialog({ title, onClose, children, actions, wide, firm }: Props) {
  const shown = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const dialog = shown.current;
    const before = document.activeElement;
    dialog?.showModal();
    // Where something is to be typed, one types at once.
    dialog?.querySelector<HTMLElement>(".dialog-body :is(input, textarea, select)")?.focus();
    return () => {
      dialog?.close();
      // What was pressed may be gone with what was done.
      const place = before?.isConnected ? before : document.querySelector("h1");
      if (place instanceof HTMLElement) place.focus();
    };
  }, []);
  return (
    <dialog
      ref={shown}
      class={wide ? "dialog dialog-wide" : "dialog"}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        if (!firm) onClose();
      }}
      onKeyDown={(event) => {
        // A second Escape would end it whatever is said to the first.
        if (firm && event.key === "Escape") event.preventDefault();
      }}
      onClick={(event) => {
        if (!firm && event.target === shown.current) onClose();
      }}
    >
      <div class="dialog-box">
        <header>
          <h2 id={id}>{title}</h2>
          {!firm && <IconButton icon="close" label="Close" onClick={onClose} />}
        </header>
        <div class="dialog-body">{children}</div>
        {actions && <footer>{actions}</footer>}
      </div>
    </dialog>
  );
}

interface ConfirmProps {
  title: string;
  children: ComponentChildren;
  /** What the button says. */
  confirm: string;
  danger?: boolean;
  /** What has to be typed first, for what can't be undone. */
  typed?: string;
  busy: boolean;
  error: ApiError | undefined;
  onConfirm: () => void;
  onClose: () => void;
}

/** Asks once more before something is done. */
export function ConfirmDialog({
  title,
  children,
  confirm,
  danger,
  typed,
  busy,
  error,
  onConfirm,
  onClose,
}: ConfirmProps) {
  const [given, setGiven] = useState("");
  const allowed = typed === undefined || given === typed;
  return (
    <Dialog
      title={title}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind={danger ? "danger" : "primary"} busy={busy} disabled={!allowed} onClick={onConfirm}>
            {confirm}
          </Button>
        </>
      }
    >
      {error && <Failure error={error} />}
      {children}
      {typed !== undefined && <TextField label={`Type ${typed} to go on`} value={given} onValue={setGiven} />}
    </Dialog>
  );
}
