import { expect, test } from "vitest";
import { idempotent } from "../../src/index.ts";
import { faultPlan } from "../../src/chaos/door.ts";
import { hits, looking, provider, type Provider } from "./routed.ts";
import { agentOf, eventsOf, toolOf, wholeJournal, worldOf } from "./world.ts";

/** What goes wrong, by weight: all over in milliseconds. */
const weights = {
  server_error: 3,
  bad_gateway: 2,
  "rate_limited_ms:15": 3,
  rate_limited_bare: 1,
  unauthorized: 1,
  quota_exhausted: 1,
  model_not_found: 1,
  overflow: 3,
  overflow_anthropic: 3,
  overflow_gemini: 3,
  signature_refused: 3,
  content_filter_error: 1,
  refusal: 1,
  reset_mid_body: 2,
  closed_before_headers: 1,
  eof_in_text: 2,
  eof_in_arguments: 2,
  reasoning_only: 3,
  id_missing: 1,
  call_and_prose: 2,
  cut_json: 1,
};

/** Refused although no fault was planned: the history was at fault. */
function wronged({ exchanges }: Provider): number {
  return exchanges.filter(({ status, faults }) => (status ?? 0) >= 400 && faults.length === 0)
    .length;
}

for (const stream of [false, true]) {
  for (const seed of [1, 2]) {
    test(`30 runs over four faulty providers end, refused for no history (${stream}, ${seed})`, async () => {
      // Each errs by itself: what one of them refuses another may do.
      const plan = (nth: number) => ({
        plan: faultPlan({ rate: 0.3, weights, seed: seed * 10 + nth }),
      });
      // Empty answers count as answers: the script is longer than the work.
      const steps = [...looking(6), ...Array.from({ length: 20 }, () => ({ text: "Done." }))];
      const all = [
        await provider("responses", steps, plan(1)),
        await provider("anthropic", steps, plan(2)),
        await provider("gemini", steps, plan(3)),
        await provider("chat", steps, plan(4)),
      ];
      const done = new Map<string, number>();
      const look = toolOf({
        effect: idempotent(),
        execute: (_input, { idempotencyKey }) => {
          done.set(idempotencyKey, (done.get(idempotencyKey) ?? 0) + 1);
          return "x".repeat(3_000);
        },
      });
      // Draws are by run and not by its random id, and each fourth begins elsewhere.
      const made = agentOf(
        ({ input }) => {
          const nth = Number(input);
          const routes = all.map(({ modelFor }) => modelFor(`run ${nth}`));
          return [...routes.slice(nth % 4), ...routes.slice(0, nth % 4)];
        },
        { tools: { look }, stream },
      );
      const { harness, store, problems } = await worldOf(made, {
        modelRetry: {
          attemptsMax: 4,
          baseMs: 1,
          maxMs: 4,
          waitMaxMs: 500,
          breaker: { failuresMax: 500 },
        },
      });
      const runs = await Promise.all(
        Array.from({ length: 30 }, (_, n) => harness.start("worker", { input: n })),
      );
      const kinds: string[] = [];
      const answers = new Set<string>();
      for (const run of runs) {
        const outcome = await run.outcome();
        kinds.push(outcome.kind);
        const events = await wholeJournal(store, run.runId);
        for (const { answer } of eventsOf(events, "model.faulted")) answers.add(answer);
        expect(eventsOf(events, "call.in_doubt")).toEqual([]);
      }
      expect(problems).toEqual([]);
      expect(kinds.filter((kind) => kind === "succeeded").length).toBeGreaterThanOrEqual(29);
      expect(all.map(wronged)).toEqual([0, 0, 0, 0]);
      expect(Math.min(...hits(...all))).toBeGreaterThan(0);
      expect([...answers].toSorted()).toEqual(expect.arrayContaining(["shrink", "switch", "wait"]));
      // No answer was acted on twice.
      expect(Math.max(...done.values())).toBe(1);
    }, 60_000);
  }
}
