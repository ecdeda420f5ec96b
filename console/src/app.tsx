/** All pages, each at its address. */
import { Redirect, Route, Switch, useLocation } from "wouter-preact";
import { sessionHasEnded } from "./api/client";
import { Shell } from "./layout/shell";
import { handsOutTokens, LINKS, TOKENS } from "./pages/access/access-tabs";
import { PortalLinksPage } from "./pages/access/portal-links-page";
import { TokensPage } from "./pages/access/tokens-page";
import { CatalogPage } from "./pages/catalog/catalog-page";
import { EventTypePage } from "./pages/catalog/event-type-page";
import { DeadLettersPage } from "./pages/dead-letters/dead-letters-page";
import { GroupPage } from "./pages/dead-letters/group-page";
import { DeliveryPage } from "./pages/deliveries/detail";
import { DeliveriesPage } from "./pages/deliveries/page";
import { EventPage } from "./pages/event/page";
import { LOGGED_IN, LoggedInPage, LogInAgain } from "./pages/login/again";
import { LogInPage } from "./pages/login/page";
import { MissingPage } from "./pages/missing";
import { OverviewPage } from "./pages/overview/page";
import { NewReplayPage } from "./pages/replays/new-replay-page";
import { ReplayPage } from "./pages/replays/replay-page";
import { ReplaysPage } from "./pages/replays/replays-page";
import { EditSubscriptionPage, NewSubscriptionPage } from "./pages/subscriptions/form-page";
import { SubscriptionPage } from "./pages/subscriptions/subscription-page";
import { SubscriptionsPage } from "./pages/subscriptions/subscriptions-page";
import { TailPage } from "./pages/tail/page";
import { loadSession, session, sessionError } from "./session";
import { Failure, Skeleton } from "./ui/states";

export function App() {
  if (!session.value) {
    return (
      <main class="login">
        {sessionError.value ? <Failure error={sessionError.value} retry={loadSession} /> : <Skeleton />}
      </main>
    );
  }
  const { caller, log_ins } = session.value;
  if (!caller) return <LogInPage logIns={log_ins} />;
  return (
    <>
      {sessionHasEnded.value && <LogInAgain logIns={log_ins} />}
      {/* Who comes back as somebody who sees other things sees nothing of what was there. */}
      <Pages key={caller.tenant ?? ""} />
    </>
  );
}

function Pages() {
  const [path] = useLocation();
  if (path === LOGGED_IN) return <LoggedInPage />;
  return (
    <Shell>
      <Switch>
        <Route path="/" component={OverviewPage} />
        <Route path="/subscriptions" component={SubscriptionsPage} />
        <Route path="/new-subscription" component={NewSubscriptionPage} />
        <Route path="/subscriptions/:id/edit">{({ id }) => <EditSubscriptionPage key={id} id={id} />}</Route>
        <Route path="/subscriptions/:id/settings">
          {({ id }) => <SubscriptionPage key={id} id={id} part="settings" />}
        </Route>
        <Route path="/subscriptions/:id/history">
          {({ id }) => <SubscriptionPage key={id} id={id} part="history" />}
        </Route>
        <Route path="/subscriptions/:id">
          {({ id }) => <SubscriptionPage key={id} id={id} part="overview" />}
        </Route>
        <Route path="/deliveries" component={DeliveriesPage} />
        <Route path="/deliveries/:id">{({ id }) => <DeliveryPage key={id} id={id} />}</Route>
        <Route path="/events/:id">{({ id }) => <EventPage key={id} id={id} />}</Route>
        <Route path="/tail" component={TailPage} />
        <Route path="/dead-letters" component={DeadLettersPage} />
        <Route path="/dead-letters/:id">{({ id }) => <GroupPage key={id} subscription={id} />}</Route>
        <Route path="/replays" component={ReplaysPage} />
        <Route path="/new-replay" component={NewReplayPage} />
        <Route path="/replays/:id">{({ id }) => <ReplayPage key={id} id={id} />}</Route>
        <Route path="/catalog" component={CatalogPage} />
        <Route path="/catalog/:type">
          {({ type }) => <EventTypePage key={type} eventType={type} part="versions" />}
        </Route>
        <Route path="/catalog/:type/schema">
          {({ type }) => <EventTypePage key={type} eventType={type} part="schema" />}
        </Route>
        <Route path="/catalog/:type/example">
          {({ type }) => <EventTypePage key={type} eventType={type} part="example" />}
        </Route>
        <Route path="/catalog/:type/impact">
          {({ type }) => <EventTypePage key={type} eventType={type} part="impact" />}
        </Route>
        <Route path={TOKENS}>{handsOutTokens() ? <TokensPage /> : <Redirect to={LINKS} replace />}</Route>
        <Route path={LINKS} component={PortalLinksPage} />
        <Route component={MissingPage} />
      </Switch>
    </Shell>
  );
}
