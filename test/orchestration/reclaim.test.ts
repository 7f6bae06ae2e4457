/** What a second claim of one call keeps of the first: the arguments, the key, the earlier call. */
import { expect, test } from "vitest";
import { once } from "../../src/index.ts";
import { foldEvents } from "../../src/journal/fold.ts";
import { agentOf, modelOf, network, play, toolOf } from "./world.ts";

const schema = {
  type: "object",
  properties: { cents: { type: "integer" }, currency: { type: "string", default: "EUR" } },
};
const payTurn = { calls: [{ tool: "pay", input: { cents: 5 } }] };

test("a call that is claimed again keeps its filled arguments and its key", async () => {
  let runs = 0;
  let asked = 0;
  const pay = toolOf({
    inputSchema: schema,
    retry: { retriesMax: 1, baseMs: 1, maxMs: 1 },
    effect: once({
      settlesWithinMs: 0,
      reconcile: () => {
        asked += 1;
        // In doubt the first time round; after that it is known not to have happened.
        if (asked <= 3) throw new Error("not yet");
        return null;
      },
    }),
    execute: () => {
      runs += 1;
      if (runs === 1) throw new Error("lost");
      if (runs === 2) throw network("ECONNRESET");
      return "paid";
    },
  });
  const { outcome, run, events } = await play(
    agentOf(modelOf(payTurn, payTurn, "Paid."), { tools: { pay } }),
  );
  expect(runs).toBe(3);
  const claims = events.filter((event) => event.kind === "call.claimed");
  expect(claims).toHaveLength(3);
  const key = `${run.runId}-t1c0`;
  const filled = { cents: 5, currency: "EUR" };
  // As another worker would find the call, had this one died right after each claim.
  const found = claims.map((claim) => {
    const state = foldEvents(run.runId, events.slice(0, claim.seq));
    const call = state.calls.find((open) => open.callId === claim.callId);
    return [call?.claim?.input, call?.claim?.key, call?.claim?.continues];
  });
  expect(found).toEqual([
    [filled, key, undefined],
    [filled, key, "t1c0"],
    [filled, key, "t1c0"],
  ]);
  expect(outcome).toMatchObject({ kind: "succeeded", inDoubt: [] });
  expect(outcome.receipts).toMatchObject([{ callId: "t2c0", input: filled }]);
}, 10_000);
