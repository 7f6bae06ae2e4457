import { describe, expect, test } from "vitest";
import { z } from "zod";
import { harness, isBridleError, memoryStore, type BridleError } from "../../src/index.ts";
import { agentOf, modelOf, toolOf, worldOf } from "./world.ts";

/** The error a promise ends with; fails when it ends well. */
async function errorOf(promise: Promise<unknown>): Promise<BridleError> {
  const thrown: unknown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (isBridleError(thrown)) return thrown;
  throw new Error("no BridleError", { cause: thrown });
}

const done = agentOf(modelOf("Done."));

describe("A2: an idempotency key", () => {
  test("gives the same run for the same work, started once", async () => {
    const model = modelOf("Done.");
    const { harness: made } = await worldOf(agentOf(model));
    const start = () => made.start("worker", { input: { a: 1, b: 2 }, idempotencyKey: "k" });
    const runs = await Promise.all([start(), start(), start()]);
    expect(new Set(runs.map((run) => run.runId)).size).toBe(1);
    await Promise.all(runs.map((run) => run.outcome()));
    const again = await made.start("worker", { input: { b: 2, a: 1 }, idempotencyKey: "k" });
    expect((await again.outcome()).kind).toBe("succeeded");
    expect(model.requests).toHaveLength(1);
  });

  test("tenants do not meet in a key", async () => {
    const { harness: made } = await worldOf(agentOf(modelOf("Done.")));
    const start = (tenant: string | undefined, idempotencyKey: string) => {
      const principal = { id: "ann", ...(tenant === undefined ? {} : { tenant }) };
      return made.start("worker", { input: 1, principal, idempotencyKey });
    };
    const runs = [
      await start("a", "k"),
      await start("b", "k"),
      await start(undefined, "k"),
      await start(undefined, "tenant:a/k"),
      await start("a/k", ""),
    ];
    expect(new Set(runs.map(({ runId }) => runId)).size).toBe(runs.length);
    expect((await start("a", "k")).runId).toBe(runs[0]?.runId);
  });

  test("for other work is refused and names the run that has it", async () => {
    const { harness: made } = await worldOf(done);
    const run = await made.start("worker", { input: 1, idempotencyKey: "k" });
    const error = await errorOf(made.start("worker", { input: 2, idempotencyKey: "k" }));
    expect(error.code).toBe("idempotency_mismatch");
    expect(error.message).toContain(run.runId);
    await run.outcome();
  });
});

describe("input", () => {
  const schema = z.object({ orderId: z.string(), note: z.string().default("none") });

  test("that does not fit the agent's schema is refused, and no run begins", async () => {
    const { harness: made } = await worldOf(agentOf(modelOf("Done."), { inputSchema: schema }));
    const error = await errorOf(made.start("worker", { input: { orderId: 5 } as never }));
    expect(error).toMatchObject({ code: "input_invalid" });
    expect(error.hint).toContain("/orderId");
    expect(await made.runs()).toEqual([]);
  });

  test("is completed by the schema's defaults before it is kept", async () => {
    const { harness: made } = await worldOf(agentOf(modelOf("Done."), { inputSchema: schema }));
    const run = await made.start("worker", { input: { orderId: "o1" } });
    expect((await run.state()).created?.input).toEqual({ note: "none", orderId: "o1" });
    await run.outcome();
  });

  test("over the limit is refused with the way out", async () => {
    const { harness: made } = await worldOf(done);
    const error = await errorOf(made.start("worker", { input: "x".repeat(5 * 1024 * 1024) }));
    expect(error.code).toBe("input_too_large");
    expect(error.hint).toContain("reference");
  });

  test("that JSON cannot hold is refused and says where", async () => {
    const { harness: made } = await worldOf(done);
    const error = await errorOf(made.start("worker", { input: { a: { b: 1n } } as never }));
    expect(error.code).toBe("input_invalid");
    expect(error.hint).toContain("a.b");
  });
});

test("an unknown agent is refused and names the near one", async () => {
  const { harness: made } = await worldOf(done);
  const error = await errorOf(made.start("workr", { input: 1 }));
  expect(error).toMatchObject({ code: "agent_unknown", hint: 'Did you mean "worker"?' });
});

test("an unknown run is refused", async () => {
  const { harness: made } = await worldOf(done);
  expect((await errorOf(made.run("nope"))).code).toBe("run_unknown");
});

describe("an agent that cannot work is refused before anything begins", () => {
  const two = { pay: toolOf({}), Pay: toolOf({}) };
  const bad: readonly (readonly [string, Parameters<typeof agentOf>[1], string, string])[] = [
    ["two tools whose names differ in case", { tools: two }, "tool_invalid", "Pay"],
    ["a name with a slash", { name: "a/b" }, "agent_invalid", "name"],
    ["no instructions", { instructions: undefined as never }, "agent_invalid", "instructions"],
    ["a limit of zero", { limits: { turnsMax: 0 } }, "limit_invalid", "turnsMax"],
    ["no model", { model: undefined as never }, "model_unknown", "model"],
    ["a model that is none", { model: 5 as never }, "model_unknown", "model"],
  ];
  for (const [what, parts, code, word] of bad) {
    test(what, async () => {
      const definition = agentOf(modelOf("Done."), parts);
      const error = await errorOf(harness({ agents: [definition], store: memoryStore() }));
      expect(error.code).toBe(code);
      expect(`${error.message} ${error.hint ?? ""}`).toContain(word);
    });
  }

  test("two agents of one name", async () => {
    const error = await errorOf(harness({ agents: [done, done], store: memoryStore() }));
    expect(error.code).toBe("agent_invalid");
  });
});
