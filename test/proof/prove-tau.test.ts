import { expect, it, onTestFinished } from "vitest";
import type { OptionValues, ProofReport } from "../../proof/proof.ts";
import { loadDomain } from "../../proof/tau/data.ts";
import { openDesks, tauAgent } from "../../proof/tau/agent.ts";
import { reportOf, type Setting } from "../../proof/tau/figures.ts";
import { oracles } from "../../proof/tau/models.ts";
import { play } from "../../proof/tau/play.ts";
import { tauProof } from "../../proof/tau/prove.ts";
import type { Task } from "../../proof/tau/task.ts";
import { scriptedModel, startWireServer } from "../../src/chaos/door.ts";
import { harness, memoryStore } from "../../src/index.ts";
import { describeWithData } from "../real-data.ts";

const live = { signal: new AbortController().signal, progress: () => undefined };
const asOracle: Setting = { domain: "retail", model: "oracle", noise: null, quick: true, ms: 0 };

describeWithData("the tau proof", (dataRoot) => {
  const prove = (options: OptionValues, quick = false): Promise<ProofReport> =>
    tauProof.run({ ...live, quick, options: { data: dataRoot, ...options } });

  it("ends all 114 retail tasks in the reference state, each call once", async () => {
    const { result, broken } = await prove({ domain: "retail", model: "oracle" });
    expect(result).toMatchObject({
      tasks: 114,
      exact: 114,
      invalidExecuted: 0,
      effectsDoubled: 0,
      terminal: 114,
      stateChanged: 103,
      callsOfReference: 550,
      callsExecuted: 550,
      refusedByDomain: 18,
      outcomes: { succeeded: 114 },
    });
    expect(broken).toEqual([]);
  });

  it("ends all 50 airline tasks in the reference state", async () => {
    const { result, broken } = await prove({ domain: "airline" });
    expect(result).toMatchObject({ tasks: 50, exact: 50, invalidExecuted: 0, terminal: 50 });
    expect(broken).toEqual([]);
  });

  it("executes nothing invalid under a model that errs, and counts its wrong claims", async () => {
    const noisy = { model: "simulated", error: 0.3, seed: 1 };
    const { result, broken } = await prove(noisy, true);
    expect(result).toMatchObject({ tasks: 23, terminal: 23, invalidExecuted: 0 });
    expect(broken).toEqual([]);
    const { injected, refusedByHarness, claimed, claimedButWrong, exact } = result;
    expect(injected).toMatchObject({ invalid_arguments: expect.any(Number) });
    // What no schema can tell from a right call reaches the domain; all else is stopped before.
    expect(refusedByHarness).toEqual({
      invalid_input: countOf(injected, "invalid_arguments"),
      malformed: countOf(injected, "malformed_arguments"),
      unknown_tool: countOf(injected, "unknown_tool"),
    });
    expect(countOf(refusedByHarness, "invalid_input")).toBeGreaterThan(0);
    expect(claimedButWrong).toBeGreaterThan(0);
    expect(Number(exact) + Number(claimedButWrong)).toBe(claimed);
  });

  it("draws the same errors from the same seed", async () => {
    const noisy = { model: "simulated", error: 0.3, seed: 4, domain: "airline" };
    const [first, again] = await Promise.all([prove(noisy, true), prove(noisy, true)]);
    expect({ ...again.result, ms: 0 }).toEqual({ ...first.result, ms: 0 });
  });

  it("breaks when a task ends in another state than the reference", async () => {
    const domain = loadDomain("retail", dataRoot);
    const tasks = domain.tasks.slice(0, 3);
    const lazy = tasks.map((task): Task => ({ ...task, actions: task.actions.slice(0, 1) }));
    const played = await play({ ...live, domain, tasks, model: oracles(lazy) });
    const { result, broken } = reportOf(played, asOracle);
    expect(result).toMatchObject({
      tasks: 3,
      claimed: 3,
      claimedButWrong: 3 - Number(result["exact"]),
    });
    expect(result["claimedButWrong"]).toBeGreaterThan(0);
    expect(broken.join()).toContain("tasks in another end state");
  });

  it("breaks on no task at all", () => {
    const desks = { executed: 0, invalidExecuted: 0, effectsDoubled: 0, refusedByDomain: 0 };
    const { broken } = reportOf({ tasks: [], desks, requests: 0 }, asOracle);
    expect(broken).toContain("no task was played");
  });

  it("counts an invalid call that somebody let pass", async () => {
    const domain = loadDomain("retail", dataRoot);
    const desks = openDesks(domain);
    const server = await startWireServer({
      models: () =>
        scriptedModel([
          { call: { name: "get_order_details", arguments: { order_id: 7 } } },
          { text: "Done." },
        ]),
    });
    onTestFinished(() => server.close());
    const lenient = Object.entries(desks.tools).map(([name, tool]) => [
      name,
      { ...tool, inputSchema: { type: "object" } },
    ]);
    const model = { baseURL: server.urlFor("any"), modelId: "any" };
    const desk = tauAgent(domain, { ...desks, tools: Object.fromEntries(lenient) }, model);
    const bridle = await harness({ agents: [desk], store: memoryStore() });
    onTestFinished(() => bridle.close());
    const run = await bridle.start(desk, { input: { taskId: "0", request: "Where is it?" } });
    await run.outcome();
    expect(desks.counted()).toMatchObject({ executed: 1, invalidExecuted: 1, refusedByDomain: 1 });
    const played = { tasks: [], desks: desks.counted(), requests: server.requestCount() };
    expect(reportOf(played, asOracle).broken).toContain("1 calls ran with invalid input");
  });

  it.each([
    ["a rate above 1", { model: "simulated", error: 2 }, "--error needs a rate"],
    ["an error rate for a model that makes none", { error: 0.1 }, "need --model simulated"],
    ["a provider that is not installed", { model: "nobody/x" }, "npm install @ai-sdk/nobody"],
    ["data that is not there", { data: "/nowhere" }, "--data PATH"],
  ])("says what is wrong with %s", async (_what, options, message) => {
    await expect(prove(options)).rejects.toThrow(message);
  });
});

function countOf(counts: unknown, kind: string): number {
  const entry = Object.entries(counts ?? {}).find(([name]) => name === kind);
  return Number(entry?.[1] ?? 0);
}
