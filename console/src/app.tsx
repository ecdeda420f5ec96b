/** All pages, each at its address. */
import { Route, Switch } from "wouter-preact";
import { Shell } from "./layout/shell";
import { LogInPage } from "./pages/login/page";
import { MissingPage } from "./pages/missing";
import { OverviewPage } from "./pages/overview/page";
import { loadSession, session, sessionError } from "./session";
import { Failure, Skeleton } from "./ui/states";

export function App() {
  if (sessionError.value && !session.value) return <Failure error={sessionError.value} retry={loadSession} />;
  if (!session.value) return <Skeleton />;
  if (!session.value.caller) return <LogInPage session={session.value} />;
  return (
    <Shell>
      <Switch>
        <Route path="/" component={OverviewPage} />
        <Route component={MissingPage} />
      </Switch>
    </Shell>
  );
}
