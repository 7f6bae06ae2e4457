/** Every wait of one attempt has its limit, and a stream that lives is not cut. */
import { fork } from "node:child_process";
import { once } from "node:events";
import type { RequestListener, ServerResponse } from "node:http";
import { connect } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import type { AttemptOptions } from "../../src/generation/gateway.ts";
import { errorMessage } from "../../src/std/error.ts";
import { Stop } from "../../src/std/stop.ts";
import { listen } from "./corpus/exchange.ts";
import { attemptOver, clientNames, recordWire, wiredModel, type Recorded } from "./wire-clients.ts";

type Limits = NonNullable<AttemptOptions["limits"]>;

const LIMITS: Limits = { timeoutMs: 5_000, firstByteMs: 300, idleMs: 300 };
/** Timers are coarse and the machine is shared. */
const LATE_MS = 700;

interface Asked {
  readonly client: string;
  readonly isStream: boolean;
  readonly answer: RequestListener;
  readonly limits?: Limits;
  readonly deadline?: number;
}

/** One attempt against a server, and whether the server saw its connection close. */
async function ask({ client, isStream, answer, limits = LIMITS, deadline }: Asked) {
  const closed: number[] = [];
  const baseURL = await listen((request, response) => {
    request.resume();
    response.on("close", () => closed.push(performance.now()));
    answer(request, response);
  });
  const model = wiredModel(client, baseURL, fetch);
  const started = performance.now();
  const capped = deadline === undefined ? {} : { deadline };
  const attempt = await attemptOver(model, isStream, { limits, ...capped });
  const tookMs = performance.now() - started;
  await pause(200);
  return { attempt, fault: attempt.fault, tookMs, isClosed: closed.length > 0 };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function silence(): void {
  // Never answers.
}

function head(response: ServerResponse): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.flushHeaders();
}

async function textStream(client: string): Promise<Recorded> {
  const found = (await recordWire()).find((one) => {
    return one.client === client && one.isStream && one.name === "text";
  });
  if (found === undefined) throw new Error(`nothing recorded of ${client}`);
  return found;
}

/** The stream's events, each with its blank line. */
async function eventsFor(client: string): Promise<readonly string[]> {
  const { bytes } = await textStream(client);
  return Buffer.from(bytes)
    .toString()
    .split(/(?<=\n\n)/);
}

/** The same for every client, all at once. */
async function eachClient(check: (client: string) => Promise<void>): Promise<void> {
  const named = async (client: string): Promise<void> => {
    await check(client).catch((thrown: unknown) => {
      throw new Error(`not so of ${client}: ${errorMessage(thrown)}`, { cause: thrown });
    });
  };
  await Promise.all(clientNames.map(named));
}

describe("a limit ends an attempt in its phase and closes the connection", () => {
  test("no first byte, before the headers and after them", () =>
    eachClient(async (client) => {
      const afterHead: RequestListener = (_request, response) => head(response);
      for (const answer of [silence, afterHead]) {
        const { fault, tookMs, isClosed } = await ask({ client, isStream: true, answer });
        expect(fault).toMatchObject({ kind: "timeout", phase: "first_byte" });
        expect(tookMs).toBeGreaterThan(290);
        expect(tookMs).toBeLessThan(300 + LATE_MS);
        expect(isClosed).toBe(true);
      }
    }));

  test("silence in the midst of a stream", () =>
    eachClient(async (client) => {
      const [first = "", second = ""] = await eventsFor(client);
      const answer: RequestListener = (_request, response) => {
        head(response);
        response.write(first + second);
      };
      const { fault, tookMs, isClosed } = await ask({ client, isStream: true, answer });
      expect(fault).toMatchObject({ kind: "timeout", phase: "idle", hasBegun: true });
      expect(tookMs).toBeLessThan(300 + LATE_MS);
      expect(isClosed).toBe(true);
    }));

  test("no end, of a stream that lives and of a whole answer", () =>
    eachClient(async (client) => {
      const limits = { timeoutMs: 700, firstByteMs: 300, idleMs: 300 };
      const alive: RequestListener = (_request, response) => {
        head(response);
        const beat = setInterval(() => response.write(": alive\n\n"), 50);
        response.on("close", () => clearInterval(beat));
      };
      for (const isStream of [true, false]) {
        const answer = isStream ? alive : silence;
        const { fault, tookMs, isClosed } = await ask({ client, isStream, answer, limits });
        expect(fault).toMatchObject({ kind: "timeout", phase: "total" });
        expect(tookMs).toBeGreaterThan(690);
        expect(tookMs).toBeLessThan(700 + LATE_MS);
        expect(isClosed).toBe(true);
      }
    }));

  test("whoever asked has no use for it any more", () =>
    eachClient(async (client) => {
      for (const isStream of [true, false]) {
        const asked = { client, isStream, answer: silence, limits: { firstByteMs: 4_000 } };
        const { fault, tookMs, isClosed } = await ask({ ...asked, deadline: Date.now() + 400 });
        expect(fault).toMatchObject({ kind: "aborted" });
        expect(tookMs).toBeLessThan(400 + LATE_MS);
        expect(isClosed).toBe(true);
      }
    }));
});

describe("a stream that is slow and lives is not cut", () => {
  test("each event late, each half of an event late", () =>
    eachClient(async (client) => {
      const events = await eventsFor(client);
      const halves = events.flatMap((event) => [event.slice(0, 9), event.slice(9)]);
      const limits = { timeoutMs: 20_000, firstByteMs: 250, idleMs: 250 };
      for (const pieces of [events, halves]) {
        const { attempt, tookMs } = await ask({
          client,
          isStream: true,
          limits,
          answer: (_request, response) => {
            head(response);
            void sendSlowly(response, pieces, Math.max(15, Math.ceil(700 / pieces.length)));
          },
        });
        expect(attempt).toMatchObject({ kind: "answered", fault: null });
        expect(tookMs).toBeGreaterThan(500);
      }
    }));

  test("nothing but signs of life for long, as while a model thinks", () =>
    eachClient(async (client) => {
      const events = await eventsFor(client);
      const ping =
        client === "anthropic" ? 'event: ping\ndata: {"type":"ping"}\n\n' : ": still\n\n";
      const beats = Array.from({ length: 10 }, () => ping);
      const [first = "", ...rest] = events;
      for (const pieces of [
        [...beats, events.join("")],
        [first, ...beats, rest.join("")],
      ]) {
        const { attempt } = await ask({
          client,
          isStream: true,
          limits: { timeoutMs: 20_000, firstByteMs: 400, idleMs: 400 },
          answer: (_request, response) => {
            head(response);
            void sendSlowly(response, pieces, 100);
          },
        });
        expect(attempt).toMatchObject({ kind: "answered", fault: null });
      }
    }));
});

async function sendSlowly(
  response: ServerResponse,
  pieces: readonly string[],
  ms: number,
): Promise<void> {
  for (const piece of pieces) {
    response.write(piece);
    await pause(ms);
  }
  response.end();
}

/** A process that listens and never accepts: once its queue is full, packets to it are dropped. */
async function fullAddress(): Promise<string> {
  const script = `
    const server = require("node:net").createServer();
    server.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
      process.send(server.address().port, () => process.kill(process.pid, "SIGSTOP"));
    });`;
  const child = fork("-e", [script], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  const stop = (): void => void child.kill("SIGKILL");
  onTestFinished(stop);
  const [port]: unknown[] = await once(child, "message");
  await pause(100);
  for (let n = 0; n < 8; n++) {
    const socket = connect(Number(port), "127.0.0.1").on("error", () => undefined);
    onTestFinished(() => void socket.destroy());
  }
  await pause(100);
  return `http://127.0.0.1:${String(port)}/v1`;
}

test("an address that takes no connection is a timeout to connect, and a limit comes first", async () => {
  const baseURL = await fullAddress();
  const started = performance.now();
  const model = wiredModel("chat", baseURL, fetch);
  const limited = await attemptOver(model, true, { limits: { firstByteMs: 400 } });
  expect(limited.fault).toMatchObject({ kind: "timeout" });
  expect(performance.now() - started).toBeLessThan(400 + LATE_MS);
  const limits = { timeoutMs: 40_000, firstByteMs: 40_000 };
  const both = [true, false].map((isStream) => attemptOver(model, isStream, { limits }));
  for (const { fault } of await Promise.all(both)) {
    expect(fault).toMatchObject({ kind: "timeout", phase: "connect" });
  }
  // The network's own limit on connecting is ten seconds.
  expect(performance.now() - started).toBeLessThan(20_000);
}, 60_000);

test("whoever cancels a request that cannot connect is answered at once", async () => {
  const model = wiredModel("chat", await fullAddress(), fetch);
  const stop = new Stop();
  setTimeout(() => stop.abort(), 200);
  const started = performance.now();
  const { fault } = await attemptOver(model, true, { stop });
  expect(fault).toMatchObject({ kind: "aborted" });
  expect(performance.now() - started).toBeLessThan(200 + LATE_MS);
});
