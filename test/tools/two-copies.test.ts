/**
 * A project's config and the program that loads it may each bring a copy of this package (a
 * global command, a package manager that keeps two). What a tool says must be understood anyway.
 */
import { expect, test } from "vitest";
import type * as effectModule from "../../src/tools/effect.ts";
import { isReconciled, notHappened } from "../../src/tools/effect.ts";
import type * as errorModule from "../../src/tools/tool-error.ts";
import { didNotHappen, isToolError, isTransient, ToolError } from "../../src/tools/tool-error.ts";

/** The same source, evaluated a second time. */
function copyOf<T>(file: string): Promise<T> {
  return import(new URL(`../../src/tools/${file}?copy`, import.meta.url).href);
}

test("a reconcile answer from another copy is understood", async () => {
  const copy = await copyOf<typeof effectModule>("effect.ts");
  expect(copy.notHappened).not.toBe(notHappened);
  expect(isReconciled(copy.notHappened())).toBe(true);
  expect(isReconciled({ kind: "not_happened" })).toBe(false);
});

test("a tool error from another copy is understood", async () => {
  const copy = await copyOf<typeof errorModule>("tool-error.ts");
  expect(copy.ToolError).not.toBe(ToolError);
  const said = new copy.ToolError("no stock", { isTransient: true, hint: "try tomorrow" });
  expect(isToolError(said)).toBe(true);
  expect(isTransient(said)).toBe(true);
  expect(didNotHappen(said)).toBe(true);
  const unsure = new copy.ToolError("timed out", { happened: "unknown" });
  expect(didNotHappen(unsure)).toBe(false);
  expect(isToolError(new Error("plain"))).toBe(false);
});
