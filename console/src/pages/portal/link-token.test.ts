import { expect, it } from "vitest";
import { tokenOf } from "./link-token";

it.each([
  ["#gwl_WzEs.Im-Y_3", "gwl_WzEs.Im-Y_3"],
  ["", undefined],
  ["#content", undefined],
  ["#gwl_", undefined],
  ["#gwl_a b", undefined],
  ["gwl_a", undefined],
])("of %o is %o", (fragment, token) => {
  expect(tokenOf(fragment)).toBe(token);
});
