/** Texts that one takes elsewhere: ids, URLs, secrets. */
import { useState } from "preact/hooks";
import { Icon } from "./icon";
import { say } from "./toast";

const SHOWN_MS = 1500;

/** A button that copies a text. */
export function CopyButton({ text, label }: { text: string; label: string }) {
  const [done, setDone] = useState(false);
  const copy = async () => {
    if (await toClipboard(text)) {
      setDone(true);
      setTimeout(() => setDone(false), SHOWN_MS);
    } else {
      say("bad", "This browser does not let the page copy", "select the text and copy it by hand");
    }
  };
  return (
    <button
      type="button"
      class="copy"
      onClick={copy}
      aria-label={done ? "Copied" : `Copy ${label}`}
      title={`Copy ${label}`}
    >
      <Icon name={done ? "check" : "copy"} size={14} />
    </button>
  );
}

/** An id, whole, with a button that copies it. */
export function Id({ value, label = "id" }: { value: string; label?: string }) {
  return (
    <span class="id">
      <code>{value}</code>
      <CopyButton text={value} label={label} />
    </span>
  );
}

async function toClipboard(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

/** Where the page did not come over HTTPS there is no clipboard but for what is selected. */
function copyBySelection(text: string): boolean {
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "visually-hidden";
  // A dialog keeps the focus inside of itself.
  (document.querySelector("dialog[open]") ?? document.body).append(area);
  area.select();
  try {
    return document.execCommand("copy");
  } finally {
    area.remove();
  }
}
