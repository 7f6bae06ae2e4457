import { expect, test } from "vitest";
import { figuresOf, prove } from "./proved.ts";

test("processes that share one file lose no event, and stale writers are refused", async () => {
  const figures = figuresOf(await prove("race", "--quick", "--json"));
  expect(figures).toMatchObject({
    processes: 4,
    runs: 40,
    eventsLost: 0,
    sequencesDoubled: 0,
    effectsDoubled: 0,
    runsLost: 0,
    processesWorking: 4,
    chainsBroken: 0,
    holds: true,
  });
  expect(figures["fenced"]).toBeGreaterThan(0);
  expect(figures["stalled"]).toBeGreaterThanOrEqual(3);
  expect(figures["effectsApplied"]).toBeGreaterThanOrEqual(80);
}, 120_000);
