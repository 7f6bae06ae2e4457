import { expect, test } from "vitest";
import { figuresOf, prove } from "./proved.ts";

test("killed processes that want more than there is never spend more than there is", async () => {
  const figures = figuresOf(await prove("budget", "--quick", "--json"));
  expect(figures).toMatchObject({
    runs: 120,
    exceeded: 0,
    unrecorded: 0,
    leftHeld: 0,
    runsLost: 0,
    chainsBroken: 0,
    holds: true,
  });
  expect(figures["limits"]).toBeGreaterThanOrEqual(160);
  expect(figures["kills"]).toBeGreaterThan(1);
  expect(figures["spends"]).toBeGreaterThan(120);
  expect(figures["spentRecorded"]).toBeGreaterThanOrEqual(Number(figures["spentReal"]));
}, 120_000);
