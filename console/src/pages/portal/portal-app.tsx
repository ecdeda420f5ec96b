/** The portal: a tenant's own people see their subscriptions and deliveries, and nothing else. It may be in a frame. */
import { useEffect } from "preact/hooks";
import { Link, Redirect, Route, Router, Switch, useLocation } from "wouter-preact";
import { sessionHasEnded } from "../../api/client";
import { EndNotice } from "../../layout/end-notice";
import { ThemeSwitch } from "../../layout/theme-switch";
import { session } from "../../session";
import { Empty, Failure, Skeleton } from "../../ui/states";
import { Time } from "../../ui/time";
import { Toasts } from "../../ui/toast";
import { DeliveryPage } from "../deliveries/detail";
import { DeliveriesPage } from "../deliveries/page";
import { MissingPage } from "../missing";
import { pathOf } from "../subscriptions/paths";
import { SubscriptionPage } from "../subscriptions/subscription-page";
import { SubscriptionsPage } from "../subscriptions/subscriptions-page";
import { openByLink, opened, opening, openingError } from "./portal-session";

export const PORTAL = "/portal";

const PLACES = [
  { name: "Subscriptions", path: "/subscriptions" },
  { name: "Deliveries", path: "/deliveries" },
];

export function PortalApp() {
  useEffect(() => {
    void openByLink();
    // Another link may be opened in the same page.
    const changed = () => void openByLink();
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  if (openingError.value || !opened.value || !session.value?.caller) return <Outside />;
  return (
    <>
      {sessionHasEnded.value && (
        <EndNotice title="This link has ended" more="How to go on">
          <p>
            What you see stays as it was, and can be copied. To change something, open another link: ask for
            one where you found this.
          </p>
        </EndNotice>
      )}
      <Router base={PORTAL} key={opened.value.tenant}>
        <Inside />
      </Router>
    </>
  );
}

function Outside() {
  return (
    <main class="login">
      <h1 class="visually-hidden">Webhooks</h1>
      {openingError.value ? (
        <Failure error={openingError.value} />
      ) : opening.value ? (
        <Skeleton />
      ) : (
        <Empty icon="key" title="This page is opened with a link">
          <p>
            Ask for another one where you found this. A page that is loaded again needs its link again, too.
          </p>
        </Empty>
      )}
    </main>
  );
}

function Inside() {
  const [path] = useLocation();
  const grant = opened.value;
  const first = grant?.subscription_id ? pathOf(grant.subscription_id) : "/subscriptions";
  return (
    <div class="portal">
      <a class="skip" href="#content">
        Skip to the content
      </a>
      <header class="portal-head">
        <nav aria-label="Pages" class="portal-nav">
          {PLACES.map((place) => (
            <Link
              key={place.path}
              href={place.path}
              class={path.startsWith(place.path) ? "place place-here" : "place"}
              aria-current={path.startsWith(place.path) ? "page" : undefined}
            >
              {place.name}
            </Link>
          ))}
        </nav>
        <div class="actions">
          {grant && (
            <span class="muted">
              {grant.tenant}, closes <Time atMs={grant.expires_at_ms} />
            </span>
          )}
          <ThemeSwitch />
        </div>
      </header>
      <main id="content" tabIndex={-1}>
        <Switch>
          <Route path="/">
            <Redirect to={first} replace />
          </Route>
          <Route path="/subscriptions" component={SubscriptionsPage} />
          <Route path="/subscriptions/:id/settings">
            {({ id }) => <SubscriptionPage key={id} id={id} part="settings" />}
          </Route>
          <Route path="/subscriptions/:id">
            {({ id }) => <SubscriptionPage key={id} id={id} part="overview" />}
          </Route>
          <Route path="/deliveries" component={DeliveriesPage} />
          <Route path="/deliveries/:id">{({ id }) => <DeliveryPage key={id} id={id} />}</Route>
          <Route component={MissingPage} />
        </Switch>
      </main>
      <Toasts />
    </div>
  );
}
