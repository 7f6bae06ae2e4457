import { describe, expect, it } from "vitest";
import { findDataRoot } from "../proof/tau/data.ts";
import { errorMessage, isBridleError } from "../src/std/error.ts";

/**
 * A block of tests over the public data, which is not in this repository. Without the data the
 * block is reported as skipped, with the reason; in CI (`CI` is set) it fails instead, so that a
 * gate never passes on nothing.
 */
export function describeWithData(title: string, body: (dataRoot: string) => void): void {
  const found = lookForData();
  describe(title, () => {
    if (found.kind === "found") {
      body(found.dataRoot);
      return;
    }
    it("needs the public data", ({ skip }) => {
      skip(process.env["CI"] === undefined, found.reason);
      expect.fail(found.reason);
    });
  });
}

type Search =
  | { readonly kind: "found"; readonly dataRoot: string }
  | { readonly kind: "absent"; readonly reason: string };

function lookForData(): Search {
  try {
    return { kind: "found", dataRoot: findDataRoot() };
  } catch (thrown) {
    if (!isBridleError(thrown, "usage")) throw thrown;
    return { kind: "absent", reason: `${errorMessage(thrown)} ${thrown.hint ?? ""}`.trim() };
  }
}
