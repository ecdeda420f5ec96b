import { ButtonLink } from "../ui/button";
import { Page } from "../ui/page";
import { Empty } from "../ui/states";

/** What is at every address where nothing else is. */
export function MissingPage() {
  return (
    <Page title="No such page">
      <Empty title="There is no page at this address">
        <ButtonLink href="/">To the overview</ButtonLink>
      </Empty>
    </Page>
  );
}
