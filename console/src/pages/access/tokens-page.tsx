/** API tokens: made, listed and ended. */
import { useState } from "preact/hooks";
import { answer, api, once, type Schemas } from "../../api/client";
import { useAction } from "../../api/use-action";
import { useRead } from "../../api/use-read";
import { Badge, type Tone } from "../../ui/badge";
import { Button } from "../../ui/button";
import { CopyButton } from "../../ui/copy";
import { ConfirmDialog, Dialog } from "../../ui/dialog";
import { SelectField, TextField } from "../../ui/field";
import { Page } from "../../ui/page";
import { Empty, Failure, Loaded } from "../../ui/states";
import { type Column, Table } from "../../ui/table";
import { Time } from "../../ui/time";
import { say } from "../../ui/toast";
import { AccessTabs, TOKENS } from "./access-tabs";
import { Named, revokeColumn } from "./columns";

type Token = Schemas["TokenView"];
type NewToken = Schemas["NewToken"];

const DAY_MS = 86_400_000;
const ROLES: readonly { value: NewToken["role"]; label: string }[] = [
  { value: "viewer", label: "viewer: sees everything" },
  { value: "operator", label: "operator: changes subscriptions, replays" },
  { value: "admin", label: "admin: also makes tokens" },
];
const LASTING = [
  { value: "90", label: "90 days" },
  { value: "1", label: "1 day" },
  { value: "7", label: "7 days" },
  { value: "30", label: "30 days" },
  { value: "365", label: "1 year" },
];
const TONES: Partial<Record<Token["role"], Tone>> = { admin: "bad", operator: "warn", viewer: "calm" };

export function TokensPage() {
  const [asked, setAsked] = useState<"new" | Token>();
  const [issued, setIssued] = useState<Schemas["IssuedTokenView"]>();
  const read = useRead(
    "tokens",
    async (signal) => (await answer(api.GET("/api/v1/tokens", { signal }))).items,
  );
  const close = () => setAsked(undefined);
  return (
    <Page
      title="Access"
      actions={
        <Button kind="primary" icon="plus" onClick={() => setAsked("new")}>
          New API token
        </Button>
      }
    >
      <AccessTabs here={TOKENS} />
      <p class="lead">
        Programs, and people where no other log-in is set up, use API tokens. Only their hashes are stored.
      </p>
      <Loaded read={read} lines={5}>
        {(items) =>
          items.length === 0 ? (
            <Empty icon="key" title="No API tokens yet">
              <p>A token has a role, an expiry, and optionally a tenant that it is limited to.</p>
            </Empty>
          ) : (
            <Table
              label="API tokens"
              columns={columnsOf(setAsked)}
              rows={items}
              rowKey={(one) => one.token_id}
            />
          )
        }
      </Loaded>
      {asked === "new" && (
        <NewTokenDialog
          onClose={close}
          onDone={(made) => {
            close();
            setIssued(made);
            read.again();
          }}
        />
      )}
      {typeof asked === "object" && <RevokeDialog of={asked} onClose={close} onDone={read.again} />}
      {issued && <IssuedTokenDialog of={issued} onClose={() => setIssued(undefined)} />}
    </Page>
  );
}

function columnsOf(revoke: (token: Token) => void): Column<Token>[] {
  return [
    {
      head: "Name",
      card: "title",
      cell: (one) => <Named name={one.name} id={one.token_id} />,
    },
    { head: "Role", cell: (one) => <Badge tone={TONES[one.role] ?? "calm"}>{one.role}</Badge> },
    { head: "Tenant", cell: (one) => one.tenant ?? <span class="muted">all</span> },
    { head: "Made by", cell: (one) => one.created_by },
    { head: "Made", align: "right", cell: (one) => <Time atMs={one.created_at_ms} /> },
    {
      head: "Ends",
      align: "right",
      cell: (one) => (one.has_expired ? <Badge tone="calm">ended</Badge> : <Time atMs={one.expires_at_ms} />),
    },
    revokeColumn((one) => one.name, revoke),
  ];
}

interface NewProps {
  onClose: () => void;
  onDone: (made: Schemas["IssuedTokenView"]) => void;
}

function NewTokenDialog({ onClose, onDone }: NewProps) {
  const [name, setName] = useState("");
  const [role, setRole] = useState<NewToken["role"]>("viewer");
  const [tenant, setTenant] = useState("");
  const [days, setDays] = useState("90");
  const making = useAction(async () => {
    const body: NewToken = {
      name: name.trim(),
      role,
      lasting_ms: Number(days) * DAY_MS,
      ...(tenant.trim() ? { tenant: tenant.trim() } : {}),
    };
    onDone(await answer(api.POST("/api/v1/tokens", { params: { header: once() }, body })));
  });
  const errorOf = (field: string) => (making.error?.field === field ? making.error.message : undefined);
  return (
    <Dialog
      title="New API token"
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" icon="key" busy={making.busy} disabled={!name.trim()} onClick={making.run}>
            Create token
          </Button>
        </>
      }
    >
      {making.error && !making.error.field && <Failure error={making.error} />}
      <TextField
        label="Name"
        placeholder="deploy"
        value={name}
        onValue={setName}
        error={errorOf("name")}
        hint="Shown in the audit trail."
      />
      <SelectField
        label="Role"
        value={role}
        onValue={(chosen) => setRole(chosen as NewToken["role"])}
        choices={ROLES}
        error={errorOf("role")}
      />
      <TextField
        label="Tenant"
        placeholder="All tenants"
        value={tenant}
        onValue={setTenant}
        error={errorOf("tenant")}
        hint="With a tenant, it can only reach that tenant's data."
      />
      <SelectField
        label="Expires after"
        value={days}
        onValue={setDays}
        choices={LASTING}
        error={errorOf("lasting_ms")}
      />
    </Dialog>
  );
}

function IssuedTokenDialog({ of, onClose }: { of: Schemas["IssuedTokenView"]; onClose: () => void }) {
  return (
    <Dialog
      title={`The token ${of.token.name}`}
      firm
      onClose={onClose}
      actions={
        <Button kind="primary" onClick={onClose}>
          I have stored it
        </Button>
      }
    >
      <p>Copy it now: you won't see it again.</p>
      <p class="issued">
        <code>{of.value}</code>
        <CopyButton text={of.value} label="token" />
      </p>
      <p class="muted">
        Sent as <code>Authorization: Bearer …</code>
      </p>
    </Dialog>
  );
}

function RevokeDialog({ of, onClose, onDone }: { of: Token; onClose: () => void; onDone: () => void }) {
  const revoking = useAction(async () => {
    const params = { path: { token_id: of.token_id }, header: once() };
    await answer(api.DELETE("/api/v1/tokens/{token_id}", { params }));
    say("good", `${of.name} was revoked`);
    onDone();
    onClose();
  });
  return (
    <ConfirmDialog
      title={`Revoke ${of.name}`}
      confirm="Revoke"
      danger
      busy={revoking.busy}
      error={revoking.error}
      onConfirm={revoking.run}
      onClose={onClose}
    >
      <p>It stops working at once, and sessions begun with it end. Whoever uses it needs a new one.</p>
    </ConfirmDialog>
  );
}
