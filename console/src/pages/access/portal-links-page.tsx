/** Links to the portal that let somebody in: listed, made, revoked. Their URLs were shown once. */
import { useState } from "preact/hooks";
import { useSearchParams } from "wouter-preact";
import { answer, api, type Schemas } from "../../api/client";
import { useAction } from "../../api/use-action";
import { useRead } from "../../api/use-read";
import { seesAllTenants, session } from "../../session";
import { Button } from "../../ui/button";
import { ConfirmDialog } from "../../ui/dialog";
import { Checkbox } from "../../ui/field";
import { count } from "../../ui/format";
import { Page } from "../../ui/page";
import { Empty, Loaded } from "../../ui/states";
import { type Column, Table } from "../../ui/table";
import { Time } from "../../ui/time";
import { say } from "../../ui/toast";
import { TypedField } from "../../ui/typed-field";
import { changed } from "../deliveries/filters";
import { PortalLinkDialog } from "../portal/link-dialog";
import { AccessTabs, LINKS } from "./access-tabs";
import { Named, revokeColumn } from "./columns";

type KnownLink = Schemas["KnownLinkView"];

export function PortalLinksPage() {
  const [params, setParams] = useSearchParams();
  const [asked, setAsked] = useState<"new" | KnownLink>();
  const tenant = params.get("tenant") ?? "";
  const read = useRead(
    `portal links ${tenant}`,
    (signal) =>
      answer(api.GET("/api/v1/portal-links", { params: { query: tenant ? { tenant } : {} }, signal })),
    { stays: true },
  );
  const own = session.value?.caller?.tenant;
  const close = () => setAsked(undefined);
  return (
    <Page
      title="Access"
      actions={
        <Button kind="primary" icon="plus" onClick={() => setAsked("new")}>
          New portal link
        </Button>
      }
    >
      <AccessTabs here={LINKS} />
      <p class="lead">
        With a link, a tenant's own people see and look after its subscriptions in the portal, until it ends.
      </p>
      {seesAllTenants() && (
        <search class="filters filters-few">
          <TypedField
            label="Tenant"
            placeholder="Any tenant"
            value={tenant}
            onTyped={(typed) => setParams(changed(params, "tenant", [typed]), { replace: true })}
          />
        </search>
      )}
      <Loaded read={read} lines={5}>
        {({ items, omitted }) =>
          items.length === 0 ? (
            <Empty icon="key" title={tenant ? "No links of this tenant are good" : "No links are good now"}>
              <p>A link is good for seven days at most, and is listed until it ends or is revoked.</p>
            </Empty>
          ) : (
            <>
              {omitted > 0 && (
                <p class="muted">
                  The newest {count(items.length)} of {count(items.length + omitted)}
                  {seesAllTenants() && !tenant && ": look for a tenant to see its own"}
                </p>
              )}
              <Table
                label="Portal links"
                columns={columnsOf(setAsked)}
                rows={items}
                rowKey={(one) => one.link_id}
              />
            </>
          )
        }
      </Loaded>
      {asked === "new" && (
        <PortalLinkDialog
          {...(own ? { tenant: own } : {})}
          onClose={() => {
            close();
            read.again();
          }}
        />
      )}
      {typeof asked === "object" && <RevokeDialog of={asked} onClose={close} onDone={read.again} />}
    </Page>
  );
}

function columnsOf(revoke: (link: KnownLink) => void): Column<KnownLink>[] {
  return [
    {
      head: "Tenant",
      card: "title",
      cell: (one) => <Named name={one.tenant} id={one.link_id} />,
    },
    { head: "Opens with", cell: (one) => one.subscription_id ?? <span class="muted">its list</span> },
    { head: "Made by", cell: (one) => one.made_by },
    { head: "Made", align: "right", cell: (one) => <Time atMs={one.made_at_ms} /> },
    { head: "Ends", align: "right", cell: (one) => <Time atMs={one.expires_at_ms} /> },
    revokeColumn((one) => `${one.link_id} of ${one.tenant}`, revoke),
  ];
}

function RevokeDialog({ of, onClose, onDone }: { of: KnownLink; onClose: () => void; onDone: () => void }) {
  const [all, setAll] = useState(false);
  const revoking = useAction(async () => {
    const body = { tenant: of.tenant, ...(all ? {} : { link_id: of.link_id }) };
    await answer(api.POST("/api/v1/portal-links/revoke", { body }));
    say("good", all ? `All links of ${of.tenant} were revoked` : `A link of ${of.tenant} was revoked`);
    onDone();
    onClose();
  });
  return (
    <ConfirmDialog
      title={`Revoke a link of ${of.tenant}`}
      confirm={all ? "Revoke all" : "Revoke"}
      danger
      busy={revoking.busy}
      error={revoking.error}
      onConfirm={revoking.run}
      onClose={onClose}
    >
      <p>
        What is open with it is over within moments. It was made by {of.made_by},{" "}
        <Time atMs={of.made_at_ms} />.
      </p>
      <Checkbox
        label={`All links of ${of.tenant} that were made until now`}
        checked={all}
        onChecked={setAll}
      />
    </ConfirmDialog>
  );
}
