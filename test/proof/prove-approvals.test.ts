import { expect, test } from "vitest";
import { figuresOf, prove } from "./proved.ts";

test("no attack on an approval executes, and each approved twin does exactly once", async () => {
  const figures = figuresOf(await prove("approvals", "--json"));
  expect(figures).toMatchObject({ executed: 0, approvedMissing: 0, holds: true });
  const { attacks, stoppedAsNamed, controls, controlsExecuted } = figures;
  expect(attacks).toBeGreaterThanOrEqual(12);
  expect([stoppedAsNamed, controls, controlsExecuted]).toEqual([attacks, attacks, attacks]);
}, 120_000);
