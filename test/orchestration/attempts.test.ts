import { describe, expect, onTestFinished, test } from "vitest";
import { faultPlan, oracleModel, startWireServer } from "../../src/chaos/door.ts";
import { harness, memoryStore, type Outcome } from "../../src/index.ts";
import type { ModelFaultKind } from "../../src/journal/model-fault.ts";
import { eventsOf } from "./world.ts";

interface Met {
  readonly outcome: Outcome;
  readonly faults: readonly ModelFaultKind[];
  readonly requests: number;
}

/** A run of one answer whose requests meet these faults, one after the other. */
async function meet(...faults: readonly string[]): Promise<Met> {
  const model = oracleModel({ actions: [], finalText: "Here you are." });
  const plan = faultPlan({ faults: faults.map((name, index) => `${name}@${index + 1}`) });
  const server = await startWireServer({ models: () => model, faults: plan });
  onTestFinished(() => server.close());
  const asker = {
    name: "asker",
    instructions: "Answer.",
    model: { baseURL: server.urlFor("run"), modelId: "any" },
  };
  const bridle = await harness({
    agents: [asker],
    store: memoryStore(),
    modelRetry: { baseMs: 1, maxMs: 2 },
  });
  onTestFinished(() => bridle.close());
  const run = await bridle.start("asker", { input: "A question." });
  const outcome = await run.outcome();
  const faulted = eventsOf(await run.events(), "model.faulted");
  return {
    outcome,
    faults: faulted.map(({ fault }) => fault.kind),
    requests: server.requestCount(),
  };
}

const done = { outcome: { kind: "succeeded" } };
const failed = { outcome: { kind: "failed_recoverable", reason: { code: "model_failed" } } };

describe("attempts on one route", () => {
  test("rubbish after other trouble is asked for again as often as rubbish alone", async () => {
    const met = await meet("rate_limited_bare", "bad_gateway", "html_with_200", "empty_200");
    expect(met).toMatchObject({ ...done, requests: 5 });
    expect(met.faults).toEqual(["rate_limited", "unavailable", "malformed", "malformed"]);
  });

  test("rubbish three times is rubbish", async () => {
    const met = await meet("html_with_200", "html_with_200", "html_with_200");
    expect(met).toMatchObject({ ...failed, requests: 3 });
  });

  test("five are made in all, whatever goes wrong in them", async () => {
    const met = await meet(
      "html_with_200",
      "bad_gateway",
      "html_with_200",
      "reset_before_headers",
      "server_error",
    );
    expect(met).toMatchObject({ ...failed, requests: 5 });
  });

  test("a provider that asks to come later uses up no attempt of those that fail", async () => {
    const limited = Array.from({ length: 6 }, () => "rate_limited_ms:5");
    const met = await meet(...limited, "server_error", "bad_gateway", "unavailable");
    expect(met).toMatchObject({ ...done, requests: 10 });
  });

  test("rate limits that name no time end after five, other trouble between them or not", async () => {
    const met = await meet(
      "rate_limited_bare",
      "server_error",
      "rate_limited_bare",
      "rate_limited_bare",
      "server_error",
      "rate_limited_bare",
      "rate_limited_bare",
    );
    expect(met).toMatchObject({ ...failed, requests: 7 });
  });
});
