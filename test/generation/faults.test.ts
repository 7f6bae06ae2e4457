import { APICallError } from "@ai-sdk/provider";
import { createServer } from "node:http";
import { once as onceEvent } from "node:events";
import { describe, expect, onTestFinished, test } from "vitest";
import { scriptedModel, type ScriptedStep } from "../../src/chaos/door.ts";
import { once } from "../../src/index.ts";
import { redactKeys } from "../../src/generation/fault/redact.ts";
import { serve } from "../chaos/served.ts";
import {
  agentOf,
  eventsOf,
  modelOf,
  network,
  play,
  toolOf,
  worldOf,
} from "../orchestration/world.ts";

const payTwice: readonly ScriptedStep[] = [
  { call: { name: "pay", arguments: { cents: 5 } } },
  { call: { name: "pay", arguments: { cents: 6 } } },
  { text: "Paid." },
];

function failure(status: number, headers: Record<string, string> = {}): ScriptedStep {
  return { fail: { status, body: { error: { message: `HTTP ${status}` } }, headers } };
}

/** Runs an agent against a real server that plays these steps. */
async function overHttp(steps: readonly ScriptedStep[], stream = false) {
  const model = scriptedModel(steps);
  const server = await serve({ models: () => model });
  let runs = 0;
  const pay = toolOf({
    effect: once(),
    execute: () => {
      runs += 1;
      return "paid";
    },
  });
  const reference = { baseURL: server.urlFor(""), modelId: "simulated" };
  const ended = await play(agentOf(reference, { tools: { pay }, stream }));
  return { ...ended, runs, requests: server.requestCount(), model };
}

describe("over real HTTP", () => {
  for (const stream of [false, true]) {
    test(`an OpenAI-compatible address works, ${stream ? "streamed" : "in one piece"}`, async () => {
      const { outcome, runs, model, events } = await overHttp(payTwice, stream);
      expect(outcome).toMatchObject({ kind: "succeeded", text: "Paid.", turns: 3 });
      expect(runs).toBe(2);
      expect(outcome.usage.inputTokens).toBeGreaterThan(0);
      expect(outcome.usage.outputTokens).toBeGreaterThan(0);
      expect(eventsOf(events, "model.answered")[0]?.model).toContain("simulated");
      model.assertComplete();
    });
  }

  for (const status of [429, 500, 503]) {
    test(`${status} is asked again, and the journal counts the attempts`, async () => {
      const { outcome, events, runs, model } = await overHttp([
        failure(status),
        failure(status),
        ...payTwice,
      ]);
      expect(outcome.kind).toBe("succeeded");
      expect(eventsOf(events, "model.answered").map((event) => event.attempts ?? 1)).toEqual([
        3, 1, 1,
      ]);
      expect(runs).toBe(2);
      model.assertComplete();
    });
  }

  for (const status of [400, 401, 403, 404, 422]) {
    test(`${status} is not asked again: the run says what to look at`, async () => {
      const { outcome, requests, runs } = await overHttp([failure(status), ...payTwice]);
      expect(outcome).toMatchObject({
        kind: "failed_recoverable",
        reason: { code: "model_failed" },
      });
      expect(outcome.reason.message).toContain(`after 1 attempt (HTTP ${status})`);
      expect([requests, runs]).toEqual([1, 0]);
    });
  }

  test("a server that stays down uses up the attempts and no more", async () => {
    const { outcome, requests } = await overHttp(Array.from({ length: 9 }, () => failure(500)));
    expect(outcome.reason.message).toContain("after 4 attempts (HTTP 500)");
    expect(requests).toBe(4);
  });

  test("a wait that would outlast the run ends it, and says so", async () => {
    const { outcome, requests } = await overHttp([failure(429, { "retry-after": "864000" })]);
    expect(outcome.reason).toMatchObject({ code: "model_failed" });
    expect(outcome.reason.message).toContain("(HTTP 429)");
    expect(requests).toBe(1);
  });

  test("an address where nobody listens is tried again, then told", async () => {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await onceEvent(server, "listening");
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    server.close();
    const baseURL = `http://127.0.0.1:${port}/v1`;
    const { outcome } = await play(agentOf({ baseURL, modelId: "m" }));
    expect(outcome.reason.message).toContain("after 4 attempts");
  });

  test("a server that hangs is given up at the attempt's time limit", async () => {
    const server = createServer(() => undefined);
    server.listen(0, "127.0.0.1");
    await onceEvent(server, "listening");
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const modelRetry = { attemptsMax: 2, baseMs: 1, maxMs: 1, waitMaxMs: 1, timeoutMs: 40 };
    const baseURL = `http://127.0.0.1:${port}/v1`;
    const { outcome } = await play(agentOf({ baseURL, modelId: "m" }), { modelRetry });
    expect(outcome.reason.message).toContain("after 2 attempts: no answer within 40 ms");
  });
});

describe("a model object that throws", () => {
  test("a passing failure of the network is asked again", async () => {
    const reset = new APICallError({
      message: "Cannot connect",
      url: "http://x",
      requestBodyValues: {},
      cause: network("ECONNREFUSED"),
      isRetryable: true,
    });
    const { outcome, events } = await play(agentOf(modelOf({ fails: reset }, "Fine.")));
    expect(outcome.text).toBe("Fine.");
    expect(eventsOf(events, "model.answered")[0]?.attempts).toBe(2);
  });

  test("anything else ends the run with its message", async () => {
    for (const fails of [new Error("boom"), "boom", { message: "boom" }, null, undefined]) {
      const { outcome } = await play(agentOf(modelOf(() => ({ fails }))));
      expect(outcome.reason.code).toBe("model_failed");
    }
  });

  test("gives an answer that is none", async () => {
    for (const content of [undefined, null, 5]) {
      const { outcome } = await play(agentOf(modelOf({ content: content as never })));
      expect(["model_failed", "model_empty"]).toContain(outcome.reason.code);
    }
  });
});

test("a provider that names its model at great length spoils no answer", async () => {
  const played = modelOf("Fine.");
  const modelId = `model\u001B[2J${"1".repeat(2_000_000)}`;
  const model: typeof played = {
    ...played,
    doGenerate: async (options) => ({
      ...(await played.doGenerate(options)),
      response: { modelId },
    }),
  };
  for (const switchedModel of ["accept", "fault"] as const) {
    const modelRetry = { attemptsMax: 1, switchedModel };
    const { outcome, events } = await play(agentOf(model), { modelRetry });
    expect(outcome.kind).toBe(switchedModel === "accept" ? "succeeded" : "failed_recoverable");
    for (const event of events) expect(JSON.stringify(event).length).toBeLessThan(5_000);
    expect(JSON.stringify(events)).not.toContain("u001b");
  }
});

describe("keys stay out of what is kept", () => {
  test("those of the environment and those that look like one", () => {
    process.env["SHOP_TOKEN"] = "abcdefgh-secret";
    onTestFinished(() => {
      delete process.env["SHOP_TOKEN"];
    });
    const cases = [
      ["Incorrect API key provided: sk-proj-abcdEFGH1234.", "sk-proj"],
      ["header Authorization: Bearer eyJhbGciOi.abc", "eyJhbGciOi"],
      ["GET https://x.test/v1?key=AIzaSyABCDEFG&x=1 failed", "AIzaSy"],
      ["https://me:hunter2hunter2@x.test/v1 refused", "hunter2"],
      ["https://hunter2hunter2@x.test/v1 refused", "hunter2"],
      ["https://:hunter2hunter2@x.test/v1 refused", "hunter2"],
      ["https://me:hun@ter2hunter2@x.test/v1 refused", "ter2"],
      ["GET https://x.test/v1?subscription-key=hunter2hunter2 failed", "hunter2"],
      ["GET https://x.test/v1?a=1&sig=hunter2hunter2 failed", "hunter2"],
      ["the token abcdefgh-secret is wrong", "abcdefgh-secret"],
    ] as const;
    for (const [text, secret] of cases) expect(redactKeys(text)).not.toContain(secret);
    expect(redactKeys("HTTP 400: model gpt-5.2 has no tool pay")).toBe(
      "HTTP 400: model gpt-5.2 has no tool pay",
    );
  });

  test.each(["TEST_MODEL_KEY", "TEST_MODEL_MASTER"])(
    "in the outcome and the journal of a run that was refused: %s",
    async (variable) => {
      process.env[variable] = "verysecret-0123456789";
      onTestFinished(() => {
        delete process.env[variable];
      });
      const seen: (string | undefined)[] = [];
      const server = createServer((request, response) => {
        const { authorization } = request.headers;
        seen.push(authorization);
        response.writeHead(401, { "content-type": "application/json" });
        const message = `Bad key: ${authorization}, ${String(request.headers["x-team"])}`;
        response.end(JSON.stringify({ error: { message } }));
      });
      server.listen(0, "127.0.0.1");
      await onceEvent(server, "listening");
      onTestFinished(() => {
        server.close();
      });
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      const model = {
        baseURL: `http://127.0.0.1:${port}/v1`,
        modelId: "m",
        apiKeyEnv: variable,
        headers: { "x-team": "Team innermost-9876543210" },
      };
      const { outcome, events } = await play(agentOf(model));
      expect(seen).toEqual(["Bearer verysecret-0123456789"]);
      expect(outcome.reason.code).toBe("model_failed");
      expect(JSON.stringify([outcome, events])).not.toContain("verysecret");
      expect(JSON.stringify([outcome, events])).not.toContain("innermost");
      expect(outcome.reason.message).toContain("Bad key: ");
    },
  );

  test("in what is said of an address that cannot be used", async () => {
    for (const baseURL of ["http://me:hunter2hunter2@[/v1", "https://hunter2hunter2@x.test/v1"]) {
      const model = { baseURL, modelId: "m", apiKeyEnv: "NO_SUCH_VARIABLE" };
      const refused: unknown = await worldOf(agentOf(model)).catch((thrown: unknown) => thrown);
      expect(String(refused)).toContain("BridleError");
      expect(String(refused)).not.toContain("hunter2");
    }
  });
});
