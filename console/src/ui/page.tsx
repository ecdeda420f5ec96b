/** The frame of every page: its title, above it the way back, beside it what can be done. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Link } from "wouter-preact";
import { Icon } from "./icon";
import { scrollToPlace } from "./scrolled";

const SITE = "Webhook gateway";

interface Props {
  title: string;
  /** Where the page belongs to. */
  parent?: { name: string; href: string };
  /** Beside the title, such as a state. */
  beside?: ComponentChildren;
  actions?: ComponentChildren;
  children: ComponentChildren;
}

export function Page({ title, parent, beside, actions, children }: Props) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · ${SITE}`;
  }, [title]);
  useEffect(() => {
    // Who came by a link hears where they are.
    if (arrivedByLink()) heading.current?.focus({ preventScroll: true });
    return scrollToPlace();
  }, []);
  return (
    <div class="page">
      <header class="page-head">
        <div>
          {parent && (
            <Link href={parent.href} class="way-back">
              <Icon name="back" size={14} />
              {parent.name}
            </Link>
          )}
          <div class="page-title">
            <h1 ref={heading} tabIndex={-1}>
              {title}
            </h1>
            {beside}
          </div>
        </div>
        {actions && <div class="actions">{actions}</div>}
      </header>
      {children}
    </div>
  );
}

let pagesShown = 0;

function arrivedByLink(): boolean {
  pagesShown += 1;
  return pagesShown > 1;
}
