/** Small arrangements: a card, facts with their names, one number that counts, tabs, progress. */
import type { ComponentChildren } from "preact";
import { Link } from "wouter-preact";
import { count, percent } from "./format";

export function Card({
  title,
  actions,
  children,
}: {
  title?: ComponentChildren;
  actions?: ComponentChildren;
  children: ComponentChildren;
}) {
  return (
    <section class="card">
      {title && (
        <header>
          <h2>{title}</h2>
          {actions && <div class="actions">{actions}</div>}
        </header>
      )}
      {children}
    </section>
  );
}

/** Names and values; what is undefined or null is left out. */
export function Facts({ of }: { of: readonly (readonly [string, ComponentChildren])[] }) {
  const known = of.filter(([, value]) => value !== undefined && value !== null && value !== false);
  return (
    <dl class="facts">
      {known.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** One number, large. */
export function Stat({
  label,
  value,
  about,
  tone,
}: {
  label: string;
  value: ComponentChildren;
  about?: ComponentChildren;
  tone?: "good" | "warn" | "bad" | undefined;
}) {
  return (
    <div class={tone ? `stat tone-${tone}` : "stat"}>
      <dt>{label}</dt>
      <dd>
        <span class="stat-value">{value}</span>
        {about && <span class="stat-about">{about}</span>}
      </dd>
    </div>
  );
}

/** Links to the parts of one thing. */
export function Tabs({
  label,
  tabs,
  here,
}: {
  label: string;
  tabs: readonly (readonly [string, string])[];
  here: string;
}) {
  return (
    <nav class="tabs" aria-label={label}>
      {tabs.map(([name, href]) => (
        <Link key={href} href={href} aria-current={href === here ? "page" : undefined}>
          {name}
        </Link>
      ))}
    </nav>
  );
}

/** How far something is; without `total`, only that it goes on. */
export function Progress({ label, done, total }: { label: string; done: number; total: number | undefined }) {
  const known = total !== undefined && total > 0;
  return (
    <div class="progress">
      <progress aria-label={label} {...(known ? { value: Math.min(done, total), max: total } : {})} />
      <span class="muted">
        {known ? `${count(done)} of ${count(total)}, ${percent(Math.min(1, done / total))}` : count(done)}
      </span>
    </div>
  );
}
