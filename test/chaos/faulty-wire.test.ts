/** The stages of an exchange, each acted on by a fault, seen from the other end of the wire. */
import { describe, expect, test } from "vitest";
import {
  oracleModel,
  type ChatModel,
  type ExchangeRecord,
  type FaultPlan,
  type PlannedFault,
  type RateGate,
  type Step,
  type WireFault,
} from "../../src/chaos/door.ts";
import { repeatCount } from "../../src/chaos/repeat-count.ts";
import { seededRandom } from "../../src/std/random.ts";
import { body, eventsOf, post, serve } from "./served.ts";

const greeter: ChatModel = {
  name: "greeter",
  answer: () => ({ kind: "answer", text: "Good morning to you.", finishReason: "stop" }),
};
const caller = oracleModel({
  actions: [{ name: "find", arguments: { order: "A1" } }],
  finalText: "Done.",
});

function fault(members: Partial<WireFault>): WireFault {
  return { name: "odd", group: "http", summary: "Made for this test.", ...members };
}

/** Every request meets these, in this order. */
function always(...faults: readonly WireFault[]): FaultPlan {
  return { next: () => faults.map((fault) => planned(fault)) };
}

function planned(fault: WireFault, argument?: string): PlannedFault {
  return { fault, argument, random: seededRandom(7) };
}

const shout = fault({
  name: "shout",
  answer: (answer) => ({ ...answer, text: (answer.text ?? "").toUpperCase() }),
});
const busy = fault({
  name: "busy",
  reply: ({ leftMs }) => ({
    kind: "body",
    status: 429,
    headers: { "retry-after": String((leftMs ?? 30_000) / 1000) },
    body: { error: { message: "Slow down." } },
  }),
  blocksForMs: () => 30_000,
});

async function postTwice(plan: FaultPlan): Promise<readonly [string, string]> {
  const server = await serve({ models: () => greeter, faults: plan });
  const whole = await post(server.urlFor("r"), body());
  const streamed = await post(server.urlFor("r"), body({ stream: true }));
  return [whole.text, streamed.text];
}

describe("a fault", () => {
  test("acts on what the model says, whole and streamed", async () => {
    const [whole, streamed] = await postTwice(always(shout));
    expect(whole).toContain("GOOD MORNING TO YOU.");
    expect(streamed).toContain("GOOD");
  });

  test("replies in place of the model, which is not asked", async () => {
    const told: ExchangeRecord[] = [];
    let asked = 0;
    const server = await serve({
      models: () => greeter,
      faults: always(busy, shout),
      onRequest: () => (asked += 1),
      onExchange: (exchange) => told.push(exchange),
    });
    const { status, headers, text } = await post(server.urlFor("r"), body());
    expect([status, headers.get("retry-after"), text]).toEqual([
      429,
      "30",
      '{"error":{"message":"Slow down."}}',
    ]);
    expect(headers.get("x-bridle-simulated")).toBe("greeter");
    expect(asked).toBe(0);
    expect(told).toMatchObject([{ faults: ["busy"], status: 429 }]);
  });

  test("acts on the JSON of a whole answer and on the frames of a streamed one", async () => {
    const renamed = fault({
      body: (body) => ({ ...body, model: "another" }),
      frames: (frames) => frames.filter(({ kind }) => kind !== "done"),
    });
    const [whole, streamed] = await postTwice(always(renamed));
    expect(JSON.parse(whole)).toMatchObject({ model: "another" });
    expect(eventsOf(streamed).length).toBeGreaterThan(3);
    expect(streamed).not.toContain("[DONE]");
  });

  test("composes with others, in their order", async () => {
    const cut = fault({ body: () => "<html>" });
    const lost = fault({ name: "lost", body: (body) => ({ ...body, id: null }) });
    const polite = fault({
      answer: (answer) => ({ ...answer, text: `${answer.text ?? ""} Please.` }),
    });
    const [spoken] = await postTwice(always(shout, polite, lost));
    expect(JSON.parse(spoken)).toMatchObject({
      id: null,
      choices: [{ message: { content: "GOOD MORNING TO YOU. Please." } }],
    });
    const [html] = await postTwice(always(cut, lost));
    expect(html).toBe("<html>");
  });

  test("that does not fit the dialect, the kind of answer or its form does not act", async () => {
    const told: ExchangeRecord[] = [];
    const silent = { answer: () => ({ kind: "answer" as const, finishReason: "stop" as const }) };
    const plan = always(
      fault({ ...silent, name: "other", dialects: ["gemini"] }),
      fault({ ...silent, name: "streams", only: "stream" }),
      fault({ ...silent, name: "texts", needs: "text" }),
      fault({ name: "calls", needs: "call", answer: (answer) => ({ ...answer, text: "Look:" }) }),
      fault({ name: "idle", answer: (answer) => answer, steps: (steps) => steps }),
      fault({ name: "frames", frames: () => [] }),
    );
    const server = await serve({
      models: () => caller,
      faults: plan,
      onExchange: (exchange) => told.push(exchange),
    });
    const { text } = await post(server.urlFor("r"), body());
    const { content, tool_calls: calls } = JSON.parse(text).choices[0].message;
    expect([content, calls.length]).toEqual(["Look:", 1]);
    expect(told).toMatchObject([{ faults: ["calls"], dialect: "openai-chat", stream: false }]);
  });

  test("is told with its argument, and is given the same random numbers each time", async () => {
    const told: ExchangeRecord[] = [];
    const drawn: number[] = [];
    const draw = fault({
      name: "draw",
      answer: (answer, { random, argument }) => {
        drawn.push(random());
        return { ...answer, text: argument ?? "" };
      },
    });
    const server = await serve({
      models: () => greeter,
      faults: { next: () => [planned(draw, "2000")] },
      onExchange: (exchange) => told.push(exchange),
    });
    const first = await post(server.urlFor("r"), body());
    expect((await post(server.urlFor("r"), body())).text).toBe(first.text);
    expect(first.text).toContain("2000");
    expect(drawn[0]).toBe(drawn[1]);
    expect(told.map(({ faults }) => faults)).toEqual([["draw:2000"], ["draw:2000"]]);
  });

  test("that throws is a 500 that says so", async () => {
    const broken = fault({
      answer: () => {
        throw new Error("no such luck");
      },
    });
    const server = await serve({ models: () => greeter, faults: always(broken) });
    const { status, text } = await post(server.urlFor("r"), body());
    expect([status, JSON.parse(text).error.code]).toEqual([500, "simulation_failed"]);
  });
});

describe("the steps on the socket", () => {
  async function postSteps(
    change: (steps: readonly Step[]) => readonly Step[],
    stream = true,
  ): Promise<{ readonly got: string; readonly told: ExchangeRecord }> {
    let tell: (exchange: ExchangeRecord) => void = () => undefined;
    const told = new Promise<ExchangeRecord>((resolve) => (tell = resolve));
    const server = await serve({
      models: () => greeter,
      faults: always(fault({ steps: change })),
      onExchange: tell,
    });
    const response = await fetch(`${server.urlFor("r")}/chat/completions`, {
      method: "POST",
      body: JSON.stringify(body({ stream })),
      signal: AbortSignal.timeout(400),
    }).catch(() => undefined);
    if (response === undefined) return { got: "no head", told: await told };
    let got = "";
    const decoder = new TextDecoder();
    try {
      for await (const bytes of response.body ?? []) got += decoder.decode(bytes, { stream: true });
      return { got, told: await told };
    } catch {
      return { got: `${got} broken`, told: await told };
    }
  }

  test("are one write for each frame where a fault looks at them", async () => {
    const kinds: string[] = [];
    await postSteps((steps) => {
      kinds.push(...steps.map(({ kind }) => kind));
      return steps;
    });
    expect([kinds[0], kinds.at(-1)]).toEqual(["head", "end"]);
    expect(kinds.filter((kind) => kind === "bytes").length).toBeGreaterThan(4);
  });

  test("end a stream in order wherever they end", async () => {
    const { got, told } = await postSteps((steps) => steps.slice(0, 3));
    expect(eventsOf(got)).toHaveLength(2);
    expect(got).not.toContain("broken");
    expect(told).toMatchObject({ status: 200, clientLeft: false });
  });

  test("reset the connection in the middle", async () => {
    const { got, told } = await postSteps((steps) => [...steps.slice(0, 3), { kind: "reset" }]);
    expect(got).toMatch(/^data: .* broken$/s);
    expect(told).toMatchObject({ status: 200, clientLeft: false });
  });

  test("hang until the client leaves, and tell that it left", async () => {
    const { got, told } = await postSteps((steps) => [...steps.slice(0, 2), { kind: "hang" }]);
    expect(got).toMatch(/^data: .* broken$/s);
    expect(told.clientLeft).toBe(true);
    expect(told.endedAtMs - told.atMs).toBeGreaterThan(200);
  });

  test("send the head before they wait", async () => {
    const { got, told } = await postSteps((steps) => [
      ...steps.slice(0, 1),
      { kind: "wait", ms: 5_000 },
    ]);
    expect(got).toBe(" broken");
    expect(told).toMatchObject({ status: 200, clientLeft: true });
  });

  test.each<[string, readonly Step[]]>([
    ["an end", [{ kind: "end" }]],
    ["nothing", []],
    ["a reset", [{ kind: "reset" }]],
    ["a hang", [{ kind: "hang" }]],
    ["bytes that are no HTTP", [{ kind: "bytes", bytes: Buffer.from("SSH-2.0\r\n\r\n") }]],
  ])("send no head when they begin with %s", async (_title, steps) => {
    const { got, told } = await postSteps(() => steps);
    expect(got).toBe("no head");
    expect(told).toMatchObject({ status: 0, clientLeft: steps[0]?.kind === "hang" });
  });

  test("close the connection when the body is not as long as its head says", async () => {
    const { got, told } = await postSteps(
      (steps) =>
        steps.map((step) =>
          step.kind === "bytes" ? { ...step, bytes: step.bytes.subarray(0, 20) } : step,
        ),
      false,
    );
    expect(got).toMatch(/^\{.{19} broken$/);
    expect(told.clientLeft).toBe(false);
  });
});

test("a chunked stream brings each event by itself, with the same bytes", async () => {
  const joined = await serve({ models: () => greeter });
  const chunked = await serve({ models: () => greeter, chunked: true });
  const read = async (url: string): Promise<readonly string[]> => {
    const sent = JSON.stringify(body({ stream: true }));
    const response = await fetch(`${url}/chat/completions`, { method: "POST", body: sent });
    const got: string[] = [];
    const decoder = new TextDecoder();
    for await (const bytes of response.body ?? []) got.push(decoder.decode(bytes));
    return got;
  };
  const [whole, parts] = [await read(joined.urlFor("r")), await read(chunked.urlFor("r"))];
  expect(parts.join("")).toBe(whole.join(""));
  expect(whole).toHaveLength(1);
  expect(parts.length).toBeGreaterThan(1);
});

describe("what is told of an exchange", () => {
  test("counts the decision and how often it was asked for", async () => {
    const told: ExchangeRecord[] = [];
    const server = await serve({
      models: () => greeter,
      onExchange: (exchange) => told.push(exchange),
    });
    const user = { role: "user", content: "Hi" };
    const later = body({ messages: [user, { role: "assistant", content: "Yes?" }, user] });
    for (const [key, sent] of [
      ["a", body()],
      ["a", body({ temperature: 1 })],
      ["b", body()],
      ["a", later],
      ["a", "{"],
    ] as const) {
      await post(server.urlFor(key), sent);
    }
    expect(told.map(({ runKey, decision, repeat }) => [runKey, decision, repeat])).toEqual([
      ["a", 0, 0],
      ["a", 0, 1],
      ["b", 0, 0],
      ["a", 1, 0],
      ["a", undefined, 0],
    ]);
    const [first, second, third] = told.map(({ requestHash }) => requestHash);
    expect(first).toMatch(/^[0-9a-f]{64}$/);
    expect(first).toBe(third);
    expect(first).not.toBe(second);
    expect(told.map(({ status }) => status)).toEqual([200, 200, 200, 200, 400]);
  });

  test("covers a request that is nested deeper than canonical JSON goes", async () => {
    const told: ExchangeRecord[] = [];
    const server = await serve({
      models: () => greeter,
      onExchange: (exchange) => told.push(exchange),
    });
    const deep = `${"[".repeat(300)}${"]".repeat(300)}`;
    const text = JSON.stringify(body({ metadata: "deep" })).replace('"deep"', deep);
    for (const sent of [text, text]) {
      expect((await post(server.urlFor("r"), sent)).status).toBe(200);
    }
    expect(told.map(({ status, repeat }) => [status, repeat])).toEqual([
      [200, 0],
      [200, 1],
    ]);
    expect(told[0]?.requestHash).toBe(told[1]?.requestHash);
  });

  test("does not count a history that is refused as a repeat, nor plans a fault for it", async () => {
    const told: ExchangeRecord[] = [];
    const planned: number[] = [];
    const server = await serve({
      models: () => greeter,
      faults: {
        next: ({ repeat }) => {
          planned.push(repeat);
          return [];
        },
      },
      onExchange: (exchange) => told.push(exchange),
    });
    const stray = body({ messages: [{ role: "tool", tool_call_id: "c1", content: "ok" }] });
    for (const sent of [body(), stray, body()]) await post(server.urlFor("r"), sent);
    expect(told.map(({ status, repeat }) => [status, repeat])).toEqual([
      [200, 0],
      [400, 1],
      [200, 1],
    ]);
    expect(planned).toEqual([0, 1]);
  });
});

describe("a gate", () => {
  test("repeats a fault's reply, with the time that is left, until it opens", async () => {
    let closed: { readonly planned: PlannedFault; readonly leftMs: number } | undefined;
    const gate: RateGate = {
      closedFor: () => closed,
      close: (_runKey, planned, ms) => (closed = { planned, leftMs: ms - 10_000 }),
    };
    const told: ExchangeRecord[] = [];
    let plans = 0;
    const server = await serve({
      models: () => greeter,
      faults: { next: () => (plans++ === 0 ? [planned(busy)] : []) },
      gate,
      onExchange: (exchange) => told.push(exchange),
    });
    const waits: (string | null)[] = [];
    for (let n = 0; n < 2; n++) {
      waits.push((await post(server.urlFor("r"), body())).headers.get("retry-after"));
    }
    closed = undefined;
    expect((await post(server.urlFor("r"), body())).status).toBe(200);
    expect(waits).toEqual(["30", "20"]);
    expect(plans).toBe(2);
    expect(told.map(({ status, repeat, earlyByMs }) => [status, repeat, earlyByMs])).toEqual([
      [429, 0, undefined],
      [429, 1, 20_000],
      [200, 1, undefined],
    ]);
  });
});

test("the oldest decisions are forgotten when too many are counted", () => {
  const counts = repeatCount(2);
  expect([counts.ask("a", 0), counts.ask("a", 0), counts.ask("a", 1)]).toEqual([0, 1, 0]);
  expect([counts.of("a", 0), counts.of("b", 0)]).toEqual([2, 0]);
  counts.ask("b", 0);
  expect([counts.of("a", 0), counts.of("a", 1), counts.of("b", 0)]).toEqual([0, 1, 1]);
});
