/** The provider here is another wire server: what it says is known, and it speaks the real wire. */
import OpenAI from "openai";
import { createServer, type IncomingHttpHeaders, type RequestListener } from "node:http";
import { once } from "node:events";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  faultPlan,
  wireFaults,
  type ExchangeRecord,
  type WireServerOptions,
} from "../../src/chaos/door.ts";
import { startWireProxy, strikesRealAnswers, type WireProxy } from "../../src/chaos/wire-proxy.ts";
import { body, post, serve, spoken } from "./served.ts";
import { scriptedModel } from "../../src/chaos/scripted-model.ts";
import { refusalOf } from "./refusal.ts";

interface Proxied {
  readonly proxy: WireProxy;
  readonly told: ExchangeRecord[];
}

async function before(upstream: string, faults: readonly string[]): Promise<Proxied> {
  const told: ExchangeRecord[] = [];
  const proxy = await startWireProxy({
    upstream,
    faults: faultPlan({ faults, mayStrike: strikesRealAnswers }),
    onExchange: (exchange) => told.push(exchange),
  });
  onTestFinished(() => proxy.close());
  return { proxy, told };
}

async function proxied(
  faults: readonly string[],
  options: Partial<WireServerOptions> = {},
): Promise<Proxied & { readonly providerUrl: string; readonly asked: () => number }> {
  const provider = await serve({
    models: () => scriptedModel([spoken]),
    chunked: true,
    ...options,
  });
  const asked = (): number => provider.requestCount();
  return { ...(await before(provider.url, faults)), providerUrl: provider.urlFor(""), asked };
}

/** A service of any behaviour, in a provider's place. */
async function startService(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return `http://127.0.0.1:${address.port}`;
}

describe("before a real provider", () => {
  test.each([true, false])(
    "passes what no fault strikes byte for byte, stream: %s",
    async (stream) => {
      const { proxy, providerUrl, told } = await proxied(["bad_gateway@2"]);
      const seen = await post(proxy.urlFor("r"), body({ stream }));
      const real = await post(providerUrl, body({ stream }));
      expect([seen.status, seen.text]).toEqual([200, real.text]);
      expect(seen.headers.get("content-type")).toBe(real.headers.get("content-type"));
      await expect
        .poll(() => told)
        .toMatchObject([{ faults: [], status: 200, stream, runKey: "r" }]);
    },
  );

  test("hands headers, path and query to the provider, and tells no key", async () => {
    let got:
      | { readonly url?: string | undefined; readonly headers: IncomingHttpHeaders }
      | undefined;
    const url = await startService((incoming, response) => {
      got = { url: incoming.url, headers: incoming.headers };
      response.end('{"error": "s3cret-body"}');
    });
    const { proxy, told } = await before(url, ["latency:1"]);
    const headers = { authorization: "Bearer s3cret", "openai-organization": "s3cret" };
    const target = `${proxy.urlFor("r")}/chat/completions?api-version=1&k=a%20b`;
    await fetch(target, { method: "POST", headers, body: JSON.stringify(body()) });
    expect(got?.url).toBe("/v1/chat/completions?api-version=1&k=a%20b");
    expect(got?.headers).toMatchObject(headers);
    await expect.poll(() => told.length).toBe(1);
    expect(JSON.stringify(told)).not.toContain("s3cret");
  });

  test("passes a stream on as it comes", async () => {
    const url = await startService((_incoming, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" }).write("data: 1\n\n");
    });
    const { proxy, told } = await before(url, []);
    const sent = JSON.stringify(body({ stream: true }));
    const endpoint = `${proxy.urlFor("r")}/chat/completions`;
    const response = await fetch(endpoint, { method: "POST", body: sent });
    const reader = response.body?.getReader();
    const first = await reader?.read();
    expect(Buffer.from(first?.value ?? []).toString()).toBe("data: 1\n\n");
    await reader?.cancel();
    await expect.poll(() => told).toMatchObject([{ status: 200, clientLeft: true }]);
  });

  test("passes on that the provider broke a stream off, and calls nobody left", async () => {
    const url = await startService((_incoming, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write("data: 1\n\n", () => response.destroy());
    });
    const { proxy, told } = await before(url, []);
    await expect(post(proxy.urlFor("r"), body({ stream: true }))).rejects.toThrow("terminated");
    await expect.poll(() => told).toMatchObject([{ status: 200, clientLeft: false }]);
  });

  test("passes on what is no chat, and what the provider refuses", async () => {
    const { proxy, told, asked } = await proxied(["cut_json"]);
    const models = await fetch(`${proxy.urlFor("r")}/models`);
    expect(await models.json()).toMatchObject({ data: [{ id: "simulated/scripted" }] });
    expect((await post(proxy.urlFor("r"), "no JSON")).status).toBe(400);
    const later = body({ messages: [...spokenTo, { role: "user", content: "More" }] });
    expect((await post(proxy.urlFor("r"), later)).text).toContain("script_unexpected");
    expect(asked()).toBe(2);
    await expect
      .poll(() => told.map(({ faults, status }) => [faults, status]))
      .toEqual([
        [[], 400],
        [[], 400],
      ]);
  });

  test("is 502 where nobody answers, which is no fault of its own", async () => {
    const { proxy, told } = await before("http://127.0.0.1:9", ["eof_in_text"]);
    expect((await post(proxy.urlFor("r"), body({ stream: true }))).status).toBe(502);
    expect(told).toMatchObject([{ faults: [], status: 502 }]);
  });
});

const spokenTo = [
  { role: "user", content: "Hi" },
  { role: "assistant", content: "Hello" },
];

describe("a fault of how an answer arrives", () => {
  test.each([
    ["eof_in_text", /"content":/, /DONE|tool_calls/],
    ["eof_in_arguments", /"arguments":"/, /DONE|"finish_reason":"/],
    ["eof_before_finish", /"tool_calls"/, /DONE|"finish_reason":"/],
    ["eof_before_done", /"finish_reason":"tool_calls"/, /DONE/],
    ["in_band_error", /Overloaded/, /DONE/],
    ["index_missing", /DONE/, /"tool_calls":\[\{"index"/],
    ["id_missing", /DONE/, /"id":"call_/],
    ["finish_missing", /DONE/, /"finish_reason":"/],
    ["sse_comments", /SIMULATED PROCESSING/, /nothing/],
    ["model_switched", /simulated\/another-model-mini/, /simulated\/scripted/],
  ])("%s spoils a real stream", async (spec, shown, hidden) => {
    const { proxy, told, asked } = await proxied([`${spec}@1`]);
    const { status, text } = await post(proxy.urlFor("r"), body({ stream: true }));
    expect(status).toBe(200);
    expect(text).toMatch(shown);
    expect(text).not.toMatch(hidden);
    expect(asked()).toBe(1);
    await expect.poll(() => told).toMatchObject([{ faults: [spec], status: 200 }]);
    expect((await post(proxy.urlFor("r"), body({ stream: true }))).text).toContain("[DONE]");
  });

  test("spoils a whole answer, and keeps the provider's own headers", async () => {
    const { proxy } = await proxied(["cut_json@1", "no_content_type@2"]);
    const cut = await post(proxy.urlFor("r"), body());
    expect(() => JSON.parse(cut.text)).toThrow("JSON");
    expect(cut.headers.get("x-bridle-simulated")).toBe("scripted");
    const bare = await post(proxy.urlFor("r"), body());
    expect(bare.headers.get("content-type")).toBeNull();
    expect(JSON.parse(bare.text)).toMatchObject({ choices: [{ finish_reason: "tool_calls" }] });
  });

  test("answers in the provider's place without asking it, and keeps to its time", async () => {
    const { proxy, told, asked } = await proxied(["rate_limited_short:60000@1"]);
    expect((await post(proxy.urlFor("r"), body())).headers.get("retry-after")).toBe("60");
    expect((await post(proxy.urlFor("r"), body())).status).toBe(429);
    expect((await post(proxy.urlFor("other"), body({ stream: true }))).status).toBe(429);
    expect(asked()).toBe(0);
    expect(told.map(({ earlyByMs }) => earlyByMs !== undefined)).toEqual([false, true, false]);
  });

  test("is met by an official client as it is from the simulated wire", async () => {
    const { proxy } = await proxied(["unavailable@1"]);
    const client = new OpenAI({ baseURL: proxy.urlFor("r"), apiKey: "any" });
    const stream = await client.chat.completions.create({
      model: "m",
      messages: [{ role: "user", content: "Hi" }],
      stream: true,
    });
    let text = "";
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? "";
    expect(text).toBe("Let me look that up.");
  });

  test("is refused by name where it would change what the model says", () => {
    const refused = refusalOf(() =>
      faultPlan({ faults: ["args_cut"], mayStrike: strikesRealAnswers }),
    );
    expect(refused).toContain("'args_cut' cannot strike here");
    const weighed = { weights: { refusal: 1 }, mayStrike: strikesRealAnswers };
    expect(refusalOf(() => faultPlan(weighed))).toContain("'refusal' cannot strike");
    const can = wireFaults.filter(strikesRealAnswers).length;
    expect(can).toBeGreaterThan(70);
    expect(can).toBeLessThan(wireFaults.length - 20);
  });

  test("is drawn at the profile's rate from what can strike", () => {
    const plan = faultPlan({ profile: "storm", mayStrike: strikesRealAnswers });
    const request = { model: "m", messages: [], tools: [], stream: true, includeUsage: false };
    const drawn = Array.from({ length: 2_000 }, (_, run) =>
      plan.next({ runKey: `${run}`, dialect: "openai-chat", request, decision: 0, repeat: 0 }),
    ).flat();
    expect(drawn.every(({ fault }) => strikesRealAnswers(fault))).toBe(true);
    expect(drawn.length / 2_000).toBeCloseTo(0.3, 1);
  });
});

test("closing cuts the provider's calls", async () => {
  const { proxy, told, asked } = await proxied(["cut_json"], { latencyMs: 60_000 });
  const course = post(proxy.urlFor("r"), body()).then(
    () => "answered",
    () => "cut",
  );
  await expect.poll(asked).toBe(1);
  await proxy.close();
  expect(await course).toBe("cut");
  expect(told).toMatchObject([{ clientLeft: false }]);
});
