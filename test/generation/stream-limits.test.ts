/** Responses that never end, over real connections: each is cut off, and its connection closed. */
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Attempt } from "../../src/generation/gateway.ts";
import { attemptOver, clientNames, recordWire, wiredModel } from "./wire-clients.ts";

const SENT_MAX = 400 * 1024 * 1024;
const LIMITS = { timeoutMs: 40_000, firstByteMs: 30_000, idleMs: 30_000 };
const RSS_GROWTH_MAX = 700 * 1024 * 1024;

interface Ended {
  readonly attempt: Attempt;
  readonly sent: number;
  /** After the attempt, until the server saw the connection close. */
  readonly closedAfterMs: number;
  readonly rssGrowth: number;
  /** The longest that the process could not do anything else. */
  readonly busyMs: number;
}

/** A server that sends what `write` writes until the client leaves, asked once. */
async function askServer(
  client: string,
  isStream: boolean,
  write: (response: ServerResponse) => void | Promise<void>,
): Promise<Ended> {
  const { promise: closed, resolve: close } = Promise.withResolvers<void>();
  const server = createServer((request, response) => {
    request.resume();
    response.on("close", close).setMaxListeners(0);
    void Promise.resolve(write(response)).catch(() => undefined);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  let [rss, busyMs, last] = [0, 0, performance.now()];
  const before = process.memoryUsage().rss;
  const watch = setInterval(() => {
    rss = Math.max(rss, process.memoryUsage().rss);
    const now = performance.now();
    busyMs = Math.max(busyMs, now - last - 20);
    last = now;
  }, 20);
  const model = wiredModel(client, `http://127.0.0.1:${port}/v1`, fetch);
  const attempt = await attemptOver(model, isStream, { limits: LIMITS });
  clearInterval(watch);
  const ended = performance.now();
  await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 2_000))]);
  const closedAfterMs = performance.now() - ended;
  return { attempt, sent: sentBytes, closedAfterMs, rssGrowth: rss - before, busyMs };
}

let sentBytes = 0;

/** Writes `begin`, then `again` for ever, as fast as the client reads. */
function endless(contentType: string, begin: string, again: string) {
  return async (response: ServerResponse): Promise<void> => {
    sentBytes = begin.length;
    const status = contentType === REFUSAL ? 500 : 200;
    response.writeHead(status, { "content-type": contentType });
    response.write(begin);
    while (!response.destroyed && sentBytes < SENT_MAX) {
      sentBytes += again.length;
      if (response.write(again)) continue;
      await Promise.race([once(response, "drain"), once(response, "close")]);
    }
    response.end();
  };
}

const SSE = "text/event-stream";
const JSON_TYPE = "application/json";
/** Sent with status 500. */
const REFUSAL = "application/problem+json";

function event(data: unknown, name?: string): string {
  return `${name === undefined ? "" : `event: ${name}\n`}data: ${JSON.stringify(data)}\n\n`;
}

/** An event that says nothing, in each client's dialect. */
const EMPTY: Readonly<Record<string, string>> = {
  responses: event({
    type: "response.output_text.delta",
    item_id: "i",
    output_index: 0,
    content_index: 0,
    delta: "",
    sequence_number: 1,
  }),
  chat: event({ id: "c", choices: [{ index: 0, delta: { content: "" } }] }),
  anthropic: event({ type: "ping" }, "ping"),
  google: event({ candidates: [{ content: { parts: [{ text: "" }] } }] }),
  compatible: event({ id: "c", choices: [{ index: 0, delta: { content: "" } }] }),
};

const packed = gzipSync(Buffer.alloc(SENT_MAX / 2, "x"), { level: 1 });

function expectCutOff(ended: Ended): void {
  const { attempt, sent, closedAfterMs, rssGrowth, busyMs } = ended;
  expect(attempt.kind === "failed" ? attempt.fault : attempt).toMatchObject({ kind: "malformed" });
  expect(attempt.fault?.message).toMatch(/exceeded \d+ (bytes|lines|parts)/);
  expect(sent).toBeLessThan(SENT_MAX / 2);
  expect(closedAfterMs).toBeLessThan(1_000);
  expect(rssGrowth).toBeLessThan(RSS_GROWTH_MAX);
  expect(busyMs).toBeLessThan(3_000);
  expect(attempt.ms).toBeLessThan(30_000);
}

describe("what never ends is cut off at a limit", () => {
  for (const client of clientNames) {
    test(`${client}: an event without an end`, async () => {
      const write = endless(SSE, 'data: {"id":"', "x".repeat(3_000));
      expectCutOff(await askServer(client, true, write));
    }, 60_000);

    test(`${client}: an event of ever more lines`, async () => {
      const write = endless(SSE, "", `data: ${"x".repeat(100)}\n`.repeat(20));
      expectCutOff(await askServer(client, true, write));
    }, 60_000);

    test(`${client}: comments without an event`, async () => {
      const write = endless(SSE, "", ": still here\n\n".repeat(100));
      expectCutOff(await askServer(client, true, write));
    }, 60_000);

    test(`${client}: events that say nothing`, async () => {
      const begin = (await recordWire()).find((one) => {
        return one.client === client && one.isStream && one.name === "text";
      });
      const [first = ""] = Buffer.from(begin?.bytes ?? [])
        .toString()
        .split(/(?<=\n\n)/);
      const write = endless(SSE, first, EMPTY[client]?.repeat(50) ?? "");
      const ended = await askServer(client, true, write);
      expectCutOff(ended);
      // Long before its bytes are too many: what is made of an event is larger than the event.
      expect(ended.attempt.fault?.message).toMatch(/exceeded \d+ lines/);
    }, 60_000);

    test(`${client}: a whole answer beyond all measure`, async () => {
      const write = endless(JSON_TYPE, '{"id":"', "x".repeat(65_536));
      expectCutOff(await askServer(client, false, write));
    }, 60_000);

    test(`${client}: a small answer that unpacks beyond all measure`, async () => {
      const { attempt, closedAfterMs, busyMs } = await askServer(client, false, (response) => {
        response.writeHead(200, { "content-type": JSON_TYPE, "content-encoding": "gzip" });
        response.end(packed);
      });
      expect(attempt.fault).toMatchObject({ kind: "malformed" });
      expect(attempt.fault?.message).toMatch(/exceeded \d+ bytes/);
      expect(closedAfterMs).toBeLessThan(1_000);
      expect(busyMs).toBeLessThan(3_000);
    }, 60_000);

    test(`${client}: a refusal beyond all measure`, async () => {
      const write = endless(REFUSAL, '{"error":"', "x".repeat(65_536));
      const { attempt, closedAfterMs, sent } = await askServer(client, true, write);
      expect(attempt.kind).toBe("failed");
      expect(sent).toBeLessThan(SENT_MAX / 2);
      expect(closedAfterMs).toBeLessThan(1_000);
    }, 60_000);
  }
});

/** An error in the midst of a stream whose connection then stays open. */
const IN_BAND: Readonly<Record<string, string>> = {
  responses: event(
    { type: "error", code: "server_error", message: "Boom", param: null, sequence_number: 1 },
    "error",
  ),
  chat: event({ error: { message: "Boom", type: "server_error", code: "server_error" } }),
  anthropic: event({ type: "error", error: { type: "api_error", message: "Boom" } }, "error"),
  google: event({ error: { code: 500, message: "Boom", status: "INTERNAL" } }),
  compatible: event({ error: { message: "Boom", type: "server_error", code: 500 } }),
};

test.each(clientNames)("%s: a stream that failed holds no connection", async (client) => {
  const all = await recordWire();
  const whole = all.find((one) => one.client === client && one.isStream && one.name === "text");
  const [first = ""] = Buffer.from(whole?.bytes ?? [])
    .toString()
    .split(/(?<=\n\n)/);
  for (const begin of ["", first]) {
    const ended = await askServer(client, true, (response) => {
      response.writeHead(200, { "content-type": SSE });
      response.write(begin + (IN_BAND[client] ?? ""));
    });
    expect(ended.attempt.fault?.message).toContain("Boom");
    expect(ended.closedAfterMs).toBeLessThan(1_000);
  }
});
