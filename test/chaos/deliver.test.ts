/** A delivery comes to an end, whatever its steps say and whatever the client does. */
import { once } from "node:events";
import { createServer } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { deliver, type Delivery } from "../../src/chaos/deliver.ts";
import type { Step } from "../../src/chaos/door.ts";

const PATIENCE_MS = 100;
const head: Step = { kind: "head", status: 200, headers: {} };
const word: Step = { kind: "bytes", bytes: Buffer.from("word") };

interface Delivered {
  readonly delivery: Promise<Delivery>;
  readonly client: Socket;
  /** All that the client has read when its connection ends. */
  readonly got: Promise<string>;
}

async function start(steps: readonly Step[], isReading = true): Promise<Delivered> {
  const { promise: delivery, resolve } = Promise.withResolvers<Delivery>();
  const server = createServer((_incoming, response) => {
    deliver(response, steps, PATIENCE_MS).then(resolve, () => undefined);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  // Listening on TCP, its address is no path.
  const { port } = server.address() as AddressInfo;
  const client = connect(port, "127.0.0.1");
  onTestFinished(() => {
    client.destroy();
    server.closeAllConnections();
    server.close();
  });
  client.on("error", () => undefined);
  client.write("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n");
  let text = "";
  if (isReading) client.setEncoding("utf8").on("data", (part) => (text += String(part)));
  return { delivery, client, got: once(client, "close").then(() => text) };
}

test.each<[string, readonly Step[]]>([
  ["hangs", [head, word, { kind: "hang" }]],
  ["waits too long", [head, word, { kind: "wait", ms: 60_000 }]],
])("a delivery that %s is given up, which is not the client's leaving", async (_title, steps) => {
  const { delivery, got } = await start(steps);
  expect(await delivery).toEqual({ status: 200, clientLeft: false });
  expect(await got).toMatch(/^HTTP\/1\.1 200 OK\r\n.*word/s);
});

test.each([
  ["in one piece", [head, { kind: "bytes", bytes: Buffer.alloc(32_000_000) }, { kind: "end" }]],
  ["bit by bit", [head, { kind: "bytes", bytes: Buffer.alloc(32_000_000) }, word, { kind: "end" }]],
] as const)("what nobody reads is given up: %s", async (_title, steps) => {
  const { delivery } = await start(steps, false);
  expect(await delivery).toEqual({ status: 200, clientLeft: false });
});

test("a client that leaves ends a wait and a hang at once", async () => {
  for (const step of [{ kind: "wait", ms: 60_000 }, { kind: "hang" }] as const) {
    const { delivery, client } = await start([head, word, step]);
    await once(client, "data");
    client.destroy();
    expect(await delivery).toEqual({ status: 200, clientLeft: true });
  }
});

test("steps without an end end in order, and the connection serves the next request", async () => {
  const { delivery, client } = await start([head, word]);
  expect(await delivery).toEqual({ status: 200, clientLeft: false });
  client.write("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n");
  const [again] = await once(client, "data");
  expect(String(again)).toContain("HTTP/1.1 200 OK");
});

test("short waits between writes keep their order", async () => {
  const letters = ["a", "b", "c"].flatMap((letter): Step[] => [
    { kind: "bytes", bytes: Buffer.from(letter) },
    { kind: "wait", ms: 5 },
  ]);
  const { delivery, got } = await start([
    { kind: "head", status: 200, headers: { connection: "close", "content-length": "3" } },
    ...letters,
    { kind: "end" },
  ]);
  expect(await delivery).toEqual({ status: 200, clientLeft: false });
  expect((await got).split("\r\n\r\n")[1]).toBe("abc");
});
