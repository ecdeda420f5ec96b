/** Where a page was scrolled to: who goes back to a list is where they were in it. The browser can't do it alone, since lists are read first. */

const GIVEN_UP_MS = 4000;

const places = new Map<string, number>();
/** Where to scroll to once the page that was gone back to is there. */
let wanted = 0;

addEventListener("popstate", () => {
  // Now: as soon as the page before is gone, the address has been scrolled to the top.
  wanted = places.get(location.href) ?? 0;
});
// The router's own event, for every other way to a page.
addEventListener("pushState", () => {
  wanted = 0;
});
addEventListener("scroll", () => places.set(location.href, window.scrollY), { passive: true });

/** Scrolls a page that is new to its top, one that was gone back to to where it was; gives what ends that. */
export function scrollToPlace(): () => void {
  const top = wanted;
  wanted = 0;
  window.scrollTo(0, top);
  if (top === 0) return () => undefined;
  const until = performance.now() + GIVEN_UP_MS;
  const grown = new ResizeObserver(() => {
    window.scrollTo(0, top);
    if (Math.abs(window.scrollY - top) < 2 || performance.now() > until) end();
  });
  const end = () => {
    grown.disconnect();
    for (const name of ENDS) removeEventListener(name, end);
  };
  for (const name of ENDS) addEventListener(name, end);
  grown.observe(document.body);
  return end;
}

/** Who moves by themselves is not moved. */
const ENDS = ["wheel", "touchmove", "keydown", "pointerdown"] as const;
