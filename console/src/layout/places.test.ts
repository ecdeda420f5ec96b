import { expect, it } from "vitest";
import { PLACES, placeOf } from "./places";

it.each([
  ["/", "Overview"],
  ["/deliveries", "Deliveries"],
  ["/deliveries/99c4", "Deliveries"],
  ["/dead-letters/shop", "Dead letters"],
  ["/events/evt-2", "Deliveries"],
  ["/new-replay", "Replays"],
  ["/deliveriesx", undefined],
])("%s belongs to %s", (path, name) => expect(placeOf(path)?.name).toBe(name));

it("has one key for each place", () => {
  expect(new Set(PLACES.map((place) => place.key)).size).toBe(PLACES.length);
});
