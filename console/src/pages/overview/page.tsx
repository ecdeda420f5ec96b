import { answer, api } from "../../api/client";
import { useRead } from "../../api/use-read";
import { Page } from "../../ui/page";
import { Loaded } from "../../ui/states";

export function OverviewPage() {
  const stats = useRead(
    "stats",
    (signal) => answer(api.GET("/api/v1/stats", { params: { query: { minutes: 60 } }, signal })),
    {
      everyMs: 5000,
    },
  );
  return (
    <Page title="Overview">
      <Loaded read={stats}>{(found) => <p>{found.attempts}</p>}</Loaded>
    </Page>
  );
}
