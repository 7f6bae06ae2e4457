import { describe, expect, test } from "vitest";
import { once } from "../../src/index.ts";
import { loadPolicies } from "../../src/governance/policy/load.ts";
import { recordedDecisions, requestOf } from "../../src/governance/recorded.ts";
import { trySet } from "../../src/governance/simulate.ts";
import { agentOf, modelOf, toolOf, worldOf } from "../orchestration/world.ts";

const inputSchema = {
  type: "object",
  required: ["cents"],
  properties: { cents: { type: "integer", minimum: 1 } },
};
const pay = toolOf({ effect: once(), inputSchema, execute: () => ({ id: "p1" }) });
const tools = [{ name: "pay", effect: "once", inputSchema }] as const;

function capAt(cents: number): string {
  return `
    //@ tally before = sum_within(pay, input.cents, 24h, by user)
    @id("pay") permit(principal, action == Action::"pay", resource);
    @id("cap") @reason("too much in a day")
    forbid(principal, action == Action::"pay", resource)
    when { context.past.before + context.input.cents > ${cents} };
    //@ allow {"tool":"pay","input":{"cents":1}}
    //@ deny {"tool":"pay","input":{"cents":1},"tallies":{"before":${cents}}}
  `;
}

async function played() {
  const turns = [40, 70, 20].map((cents) => ({ calls: [{ tool: "pay", input: { cents } }] }));
  const policies = { texts: [{ name: "now.cedar", text: capAt(100) }] };
  const { harness } = await worldOf(
    agentOf(modelOf(...turns, "Done."), { tools: { pay }, policies }),
  );
  const run = await harness.start("worker", { input: "go", principal: { id: "ann" } });
  await run.outcome();
  return { run, decisions: recordedDecisions(run.runId, await run.events()) };
}

describe("recorded decisions", () => {
  test("tell each call once, with what the policies were shown", async () => {
    const { decisions } = await played();
    expect(decisions).toMatchObject([
      { callId: "t1c0", was: "ran", hasRun: true, input: { cents: 40 }, rules: ["pay"] },
      {
        callId: "t2c0",
        was: "refused",
        hasRun: false,
        rules: ["cap"],
        seen: { past: { before: 40 } },
      },
      { callId: "t3c0", was: "ran", hasRun: true, seen: { past: { before: 40 } } },
    ]);
  });

  test("asking the same policies again gives the same verdicts", async () => {
    const { decisions } = await played();
    const set = await loadPolicies(
      { texts: [{ name: "now.cedar", text: capAt(100) }] },
      { agent: "worker", tools },
    );
    const again = decisions.map((decision) => set.decide(requestOf(decision)).verdict);
    expect(again).toEqual(["allow", "deny", "allow"]);
  });

  test("a stricter set is tried on them, with a past counted from what it lets run", async () => {
    const { decisions } = await played();
    const renamed = capAt(50).replaceAll("before", "sum");
    const set = await loadPolicies(
      { texts: [{ name: "other.cedar", text: renamed }] },
      { agent: "worker", tools },
    );
    const verdicts = trySet(set, decisions).map(({ verdict }) => verdict);
    expect(verdicts).toEqual(["allow", "deny", "deny"]);
  });
});
