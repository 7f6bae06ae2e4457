import { expect, it } from "vitest";
import { bytesFrom } from "../../proof/noninterference/model.ts";
import { play, type Rules } from "../../proof/noninterference/play.ts";
import { noninterferenceProof } from "../../proof/noninterference/prove.ts";
import { trustedValues, worldFrom } from "../../proof/noninterference/world.ts";
import { seededRandom } from "../../src/std/random.ts";

const live = { signal: new AbortController().signal, progress: () => undefined };
const governed: Rules = { isJudged: true, planning: "frozen", obeysStrangers: true };

it("finds that untrusted bytes decide nothing, and would find it if they did", async () => {
  const options = { worlds: 400, seed: 7, runs: 25 };
  const { result, broken } = await noninterferenceProof.run({ ...live, quick: true, options });
  expect(broken).toEqual([]);
  expect(result).toMatchObject({ worlds: 400, violations: 0, seed: 7 });
  expect(result).toMatchObject({ harnessWorlds: 25, differences: 0 });
  expect(result["harnessRefused"]).toBeGreaterThan(25);
  const { bound, selfCheck, valuesTraced } = result;
  expect(bound).toBeGreaterThan(200);
  expect(valuesTraced).toBeGreaterThan(500);
  // Most worlds differ once nothing is judged, and many once there is no plan to hold the model.
  expect(selfCheck).toMatchObject({ withoutLabels: expect.any(Number) });
  const { withoutLabels, withoutPlan } = selfCheck as Record<string, number>;
  expect(withoutLabels).toBeGreaterThan(Number(bound) / 2);
  expect(withoutPlan).toBeGreaterThan(Number(bound) / 10);
});

it("draws worlds in which strangers are heard, obeyed and refused, and plans are carried out", () => {
  const seen = { refused: 0, strange: 0, planned: 0 };
  for (let seed = 0; seed < 40; seed++) {
    const world = worldFrom(seededRandom(seed));
    const { calls } = play(world, bytesFrom(seed), governed);
    for (const { by, passes, tool } of calls) {
      if (by === "stranger" && !passes) seen.refused += 1;
      if (by === "stranger" && passes) seen.strange += 1;
      if (by === "plan" && passes && world.writes.has(tool)) seen.planned += 1;
    }
    expect(trustedValues(world).size).toBeGreaterThan(1);
  }
  expect(Math.min(...Object.values(seen))).toBeGreaterThan(20);
});

it("draws the same world from the same seed, and the same text for the same bytes", () => {
  const one = play(worldFrom(seededRandom(3)), bytesFrom(1), governed);
  const two = play(worldFrom(seededRandom(3)), bytesFrom(1), governed);
  expect(two.calls).toEqual(one.calls);
  expect(bytesFrom(1)("a")).toBe(bytesFrom(1)("a"));
  expect(bytesFrom(1)("a")).not.toBe(bytesFrom(2)("a"));
});

it("takes no number of worlds that is none", async () => {
  const proving = noninterferenceProof.run({ ...live, quick: true, options: { worlds: 0.5 } });
  await expect(proving).rejects.toThrow("--worlds needs a whole number from 1.");
});
