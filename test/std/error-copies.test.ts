import { expect, test } from "vitest";
import type * as errors from "../../src/std/error.ts";
import { BridleError, isBridleError } from "../../src/std/error.ts";

/** A store may come from one copy of the package and the harness from another. */
test("an error of another copy of the package is recognised by its code", async () => {
  const url = new URL("../../src/std/error.ts?copy", import.meta.url).href;
  const copy: typeof errors = await import(url);
  expect(copy.BridleError).not.toBe(BridleError);
  const foreign = new copy.BridleError("events_limit", "full");
  expect(foreign).toBeInstanceOf(BridleError);
  expect(isBridleError(foreign, "events_limit")).toBe(true);
  expect(isBridleError(foreign, "fenced")).toBe(false);
  expect(Object.keys(foreign)).toEqual(Object.keys(new BridleError("events_limit", "full")));
});

test("nothing else is taken for one", () => {
  const alike = Object.assign(new Error("full"), { name: "BridleError", code: "events_limit" });
  for (const value of [alike, new Error("full"), { code: "fenced" }, null, undefined, "fenced"]) {
    expect(isBridleError(value)).toBe(false);
  }
});
