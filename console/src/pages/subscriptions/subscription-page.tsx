/** One subscription: how it fares, what it is, who changed it. */
import { useState } from "preact/hooks";
import { Redirect } from "wouter-preact";
import type { Revised } from "../../api/client";
import { useAction } from "../../api/use-action";
import { may, mayHandle } from "../../session";
import { SubscriptionBadge } from "../../ui/badge";
import { Button, ButtonLink } from "../../ui/button";
import { ConfirmDialog } from "../../ui/dialog";
import { Tabs } from "../../ui/facts";
import { Page } from "../../ui/page";
import { Empty, Failure, Loaded } from "../../ui/states";
import { say } from "../../ui/toast";
import { PortalLinkDialog } from "../portal/link-dialog";
import { pathOf } from "./paths";
import { IssuedDialog, RotateDialog } from "./secret-dialogs";
import { StandingNotice } from "./standing";
import { SubscriptionHistory } from "./subscription-history";
import { SubscriptionOverview } from "./subscription-overview";
import { SubscriptionSettings } from "./subscription-settings";
import { TestEventDialog } from "./test-event-dialog";
import { type Issued, pause, remove, resume, type Subscription, useSubscription } from "./use-subscription";

export type Part = "overview" | "settings" | "history";

const PARENT = { name: "Subscriptions", href: "/subscriptions" };

export function SubscriptionPage({ id, part }: { id: string; part: Part }) {
  const read = useSubscription(id);
  if (read.error?.status === 404) {
    return (
      <Page title={id} parent={PARENT}>
        <Empty icon="subscriptions" title="Subscription not found">
          <p>It may have been deleted; its history says by whom.</p>
          {may("viewer") && <ButtonLink href={pathOf(id, "history")}>Show its history</ButtonLink>}
        </Empty>
        {part === "history" && <SubscriptionHistory id={id} />}
      </Page>
    );
  }
  if (read.data === undefined) {
    return (
      <Page title={id} parent={PARENT}>
        <Loaded read={read} lines={8}>
          {() => null}
        </Loaded>
      </Page>
    );
  }
  return <Known found={read.data} again={read.again} part={part} error={read.error} />;
}

type Asked = "delete" | "link" | "rotate" | "test" | undefined;

interface KnownProps {
  found: Revised<Subscription>;
  again: () => void;
  part: Part;
  error: ReturnType<typeof useSubscription>["error"];
}

function Known({ found, again, part, error }: KnownProps) {
  const { value: one, etag } = found;
  const [asked, setAsked] = useState<Asked>();
  const [issued, setIssued] = useState<Issued>();
  const [isDeleted, setDeleted] = useState(false);
  const isOperator = may("operator");
  const isHandler = mayHandle();

  const switching = useAction(async (act: typeof pause, done: string) => {
    try {
      await act(one.id, etag);
      say("good", done);
    } finally {
      again();
    }
  });
  const deleting = useAction(async () => {
    await remove(one.id, etag);
    setDeleted(true);
    say("good", `${one.id} was deleted`);
  });
  if (isDeleted) return <Redirect to={PARENT.href} />;
  const close = () => {
    setAsked(undefined);
    deleting.clear();
  };

  return (
    <Page
      title={one.id}
      parent={PARENT}
      beside={<SubscriptionBadge state={one.state} />}
      actions={
        isHandler && (
          <>
            <Button icon="send" onClick={() => setAsked("test")}>
              Send a test event
            </Button>
            {one.state === "active" && (
              <Button
                icon="pause"
                busy={switching.busy}
                onClick={() => switching.run(pause, "Paused: its deliveries wait until it is resumed")}
              >
                Pause
              </Button>
            )}
            {isOperator && (
              <ButtonLink icon="replay" href={`/new-replay?subscription=${encodeURIComponent(one.id)}`}>
                Replay events
              </ButtonLink>
            )}
            {isOperator && (
              <ButtonLink icon="edit" href={pathOf(one.id, "edit")}>
                Edit
              </ButtonLink>
            )}
          </>
        )
      }
    >
      {error && <Failure error={error} retry={again} />}
      {switching.error && <Failure error={switching.error} />}
      {one.description && <p class="lead">{one.description}</p>}
      <StandingNotice
        of={one}
        busy={switching.busy}
        onResume={
          isHandler ? () => switching.run(resume, "Active again: what has waited is sent now") : undefined
        }
      />
      <Tabs
        label={`Parts of ${one.id}`}
        here={pathOf(one.id, part === "overview" ? undefined : part)}
        tabs={[
          ["Overview", pathOf(one.id)],
          ["Settings", pathOf(one.id, "settings")],
          ...(may("viewer") ? [["History", pathOf(one.id, "history")] as const] : []),
        ]}
      />
      {part === "overview" && <SubscriptionOverview of={one} />}
      {part === "settings" && (
        <SubscriptionSettings
          of={one}
          onRotate={isHandler ? () => setAsked("rotate") : undefined}
          onDelete={isOperator ? () => setAsked("delete") : undefined}
          onLink={isOperator ? () => setAsked("link") : undefined}
        />
      )}
      {part === "history" && <SubscriptionHistory id={one.id} />}
      {asked === "link" && <PortalLinkDialog tenant={one.tenant} subscriptionId={one.id} onClose={close} />}
      {asked === "test" && <TestEventDialog of={one} onClose={close} />}
      {asked === "rotate" && (
        <RotateDialog
          id={one.id}
          etag={etag}
          onClose={close}
          onDone={(made) => {
            close();
            setIssued(made);
            again();
          }}
        />
      )}
      {issued && <IssuedDialog issued={issued} title="The new secret" onClose={() => setIssued(undefined)} />}
      {asked === "delete" && (
        <ConfirmDialog
          title={`Delete ${one.id}`}
          confirm="Delete"
          danger
          typed={one.id}
          busy={deleting.busy}
          error={deleting.error}
          onConfirm={deleting.run}
          onClose={close}
        >
          <p>
            It gets nothing from now on, and what is under way to it is discarded. Its secrets are gone. Its
            history stays. To stop for a while only, pause it.
          </p>
        </ConfirmDialog>
      )}
    </Page>
  );
}
