import { describe, expect, test } from "vitest";
import {
  faultPlan,
  findFault,
  rateGate,
  type ChatModel,
  type ExchangeRecord,
  type PlannedFault,
} from "../../src/chaos/door.ts";
import { seededRandom } from "../../src/std/random.ts";
import { body, greeter, post, postTo, serve } from "./served.ts";

function planned(name: string): PlannedFault {
  return { fault: findFault(name), argument: undefined, random: seededRandom(1) };
}

describe("the gate", () => {
  test("is closed until the time has passed, for the run that it was closed for", () => {
    let now = 1_000;
    const gate = rateGate(() => now);
    const fault = planned("rate_limited_short");
    expect(gate.closedFor("a")).toBeUndefined();
    gate.close("a", fault, 2_000);
    expect(gate.closedFor("a")).toEqual({ planned: fault, leftMs: 2_000 });
    expect(gate.closedFor("b")).toBeUndefined();
    now = 2_500;
    expect(gate.closedFor("a")?.leftMs).toBe(500);
    now = 3_000;
    expect(gate.closedFor("a")).toBeUndefined();
    now = 1_500;
    expect(gate.closedFor("a")).toBeUndefined();
  });

  test("keeps the later of two times, and no time longer than a day", () => {
    const gate = rateGate(() => 0);
    gate.close("a", planned("rate_limited_long"), 120_000);
    gate.close("a", planned("rate_limited_short"), 2_000);
    expect(gate.closedFor("a")?.planned.fault.name).toBe("rate_limited_long");
    gate.close("b", planned("rate_limited_long"), Infinity);
    expect(gate.closedFor("b")?.leftMs).toBe(24 * 60 * 60_000);
  });

  test("forgets the oldest of more than ten thousand runs", () => {
    const gate = rateGate(() => 0);
    for (let run = 0; run <= 10_000; run++) gate.close(`run ${run}`, planned("slow_down"), 1_000);
    expect(gate.closedFor("run 0")).toBeUndefined();
    expect(gate.closedFor("run 1")).toBeDefined();
    expect(gate.closedFor("run 10000")).toBeDefined();
  });

  test("refuses who comes early, with the time that is left, and lets in who waited", async () => {
    let now = 0;
    const told: ExchangeRecord[] = [];
    const server = await serve({
      models: () => greeter,
      faults: faultPlan({ faults: ["rate_limited_short:9000@1"] }),
      gate: rateGate(() => now),
      onExchange: (exchange) => told.push(exchange),
    });
    const ask = async (): Promise<readonly [number, string | null]> => {
      const { status, headers } = await post(server.urlFor("r"), body());
      return [status, headers.get("retry-after")];
    };
    expect(await ask()).toEqual([429, "9"]);
    now = 3_500;
    expect(await ask()).toEqual([429, "6"]);
    expect((await post(server.urlFor("other"), body())).status).toBe(429);
    now = 8_990;
    expect(await ask()).toEqual([200, null]);
    const early = told.filter(({ runKey }) => runKey === "r").map(({ earlyByMs }) => earlyByMs);
    expect(early).toEqual([undefined, 5_500, undefined]);
  });

  test("is the server's own where none is given, and null is none", async () => {
    for (const [given, second] of [
      [{}, 429],
      [{ gate: null }, 200],
    ] as const) {
      const faults = faultPlan({ faults: ["rate_limited_short:60000@1"] });
      const server = await serve({ models: () => greeter, faults, ...given });
      expect((await post(server.urlFor("r"), body())).status).toBe(429);
      expect((await post(server.urlFor("r"), body())).status).toBe(second);
    }
  });

  test.each([
    ["rate_limited_reset_time:9000", "anthropic", "/messages"],
    ["rate_limited_retry_info:9000", "gemini", "/models/m:generateContent"],
    ["rate_limited_reset:9000", "openai", "/responses"],
  ] as const)("closed by %s is not passed in another dialect", async (spec, client, path) => {
    let now = 0;
    let asked = 0;
    const told: ExchangeRecord[] = [];
    const counting: ChatModel = {
      name: "counting",
      answer: (request) => {
        asked += 1;
        return greeter.answer(request);
      },
    };
    const server = await serve({
      models: () => counting,
      faults: faultPlan({ faults: [`${spec}@1`] }),
      gate: rateGate(() => now),
      onExchange: (exchange) => told.push(exchange),
    });
    const run = `${server.url}/r/r`;
    const bodies = { gemini: { contents: [{ role: "user", parts: [{ text: "Hi" }] }] } };
    const sent = {
      ...body({ max_tokens: 10, input: "Hi" }),
      ...(client === "gemini" ? bodies.gemini : {}),
    };
    const version = client === "gemini" ? "v1beta" : "v1";
    expect((await postTo(`${run}/${version}${path}`, sent)).status).toBe(429);
    now = 1_500;
    const others = [
      await postTo(`${run}/v1/messages`, body({ max_tokens: 10 })),
      await postTo(`${run}/v1/chat/completions`, body({ stream: true })),
      await postTo(`${run}/v1/responses`, { model: "m", input: "Hi" }),
      await postTo(`${run}/v1beta/models/m:generateContent`, bodies.gemini),
    ];
    expect(others.map(({ status }) => status)).toEqual([429, 429, 429, 429]);
    // One of them speaks the dialect of the fault, which tells the time in its own way.
    const times = others.map(({ headers }) => headers.get("retry-after"));
    expect(times.filter((time) => time === "8").length).toBeGreaterThanOrEqual(2);
    expect(JSON.parse(others[0]?.text ?? "")).toMatchObject({
      error: { type: "rate_limit_error" },
    });
    expect(JSON.parse(others[3]?.text ?? "")).toMatchObject({
      error: { status: "RESOURCE_EXHAUSTED" },
    });
    expect(told.map(({ faults, earlyByMs }) => [faults, earlyByMs])).toEqual([
      [[spec], undefined],
      ...others.map(() => [[spec], 7_500]),
    ]);
    now = 9_000;
    expect(asked).toBe(0);
    expect((await post(`${run}/v1`, body())).status).toBe(200);
  });

  test.each([
    ["rate_limited_ms:8000", "retry-after-ms", ["8000", "3000"]],
    ["rate_limited_reset:8000", "x-ratelimit-reset-requests", ["8s", "3s"]],
    ["unavailable_retry_after:8000", "retry-after", ["8", "3"]],
    ["slow_down:80000", "retry-after", ["80", "75"]],
  ])("%s tells the time that is left in %s", async (spec, header, times) => {
    let now = 0;
    const server = await serve({
      models: () => greeter,
      faults: faultPlan({ faults: [spec] }),
      gate: rateGate(() => now),
    });
    const told = async (): Promise<string | null> =>
      (await post(server.urlFor("r"), body())).headers.get(header);
    const first = await told();
    now = 5_000;
    expect([first, await told()]).toEqual(times);
  });
});
