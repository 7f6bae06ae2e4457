/** Closing ends everything: connections, waits, calls of the service behind. Then it is told. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import {
  echoModel,
  faultPlan,
  startToolProxy,
  startWireServer,
  type ExchangeRecord,
  type ToolExchange,
} from "../../src/chaos/door.ts";
import { body, post } from "./served.ts";
import { startShop } from "./shop.ts";

/** How a request ended for whoever made it. */
function courseOf(asked: Promise<unknown>): Promise<string> {
  return asked.then(
    () => "answered",
    () => "cut",
  );
}

test("a wire server tells of what it cut, and does not call it left", async () => {
  const told: ExchangeRecord[] = [];
  const specs: Readonly<Record<string, string>> = {
    hang: "hang_before_headers",
    body: "hang_after_headers",
    stall: "stall_in_text",
    slow: "slow_loris:500000",
    late: "latency:500000",
  };
  const keys = Object.keys(specs);
  const server = await startWireServer({
    models: echoModel,
    faults: {
      next: (asked) => faultPlan({ faults: [specs[asked.runKey] ?? "none"] }).next(asked),
    },
    onExchange: (exchange) => told.push(exchange),
  });
  const asked = keys.map((key) => courseOf(post(server.urlFor(key), body({ stream: true }))));
  await expect.poll(() => server.requestCount()).toBe(keys.length);
  await server.close();
  expect(told.map(({ runKey }) => runKey).toSorted()).toEqual(keys.toSorted());
  expect(told.filter(({ clientLeft }) => clientLeft)).toEqual([]);
  expect(await Promise.all(asked)).toEqual(keys.map(() => "cut"));
  await expect(post(server.urlFor("hang"), body())).rejects.toThrow("fetch failed");
});

test("a client that leaves by itself is told as such", async () => {
  const told: ExchangeRecord[] = [];
  const server = await startWireServer({
    models: echoModel,
    faults: faultPlan({ faults: ["hang_before_headers"] }),
    onExchange: (exchange) => told.push(exchange),
  });
  const leaving = AbortSignal.timeout(100);
  const url = `${server.urlFor("r")}/chat/completions`;
  const asked = fetch(url, { method: "POST", body: JSON.stringify(body()), signal: leaving });
  expect(await courseOf(asked)).toBe("cut");
  await expect.poll(() => told.length).toBe(1);
  await server.close();
  expect(told).toMatchObject([{ clientLeft: true, faults: ["hang_before_headers"] }]);
});

test("a tool proxy cuts its calls of the service, and does not blame the service", async () => {
  const shop = await startShop();
  const told: ToolExchange[] = [];
  const proxy = await startToolProxy({
    upstream: shop.url,
    faults: ["timeout_after_commit@2"],
    onExchange: (exchange) => told.push(exchange),
  });
  const asked = [
    courseOf(fetch(`${proxy.url}/silent`)),
    courseOf(fetch(`${proxy.url}/events`).then((response) => response.text())),
    fetch(`${proxy.url}/payments`, { method: "POST", body: "x" }).then(async (paid) => {
      await paid.text();
      return courseOf(fetch(`${proxy.url}/payments`, { method: "POST", body: "x" }));
    }),
  ];
  await expect.poll(() => shop.payments().length).toBe(2);
  await expect.poll(() => shop.requests().length).toBe(4);
  // The service answered this one, and the client is not told.
  await expect.poll(() => proxy.report().faults["timeout_after_commit"]?.injected).toBe(1);
  const before = Date.now();
  await proxy.close();
  expect(Date.now() - before).toBeLessThan(2_000);
  expect(await Promise.all(asked)).toEqual(["cut", "cut", "cut"]);
  expect(told).toHaveLength(4);
  expect(proxy.report()).toMatchObject({ requests: 4, upstreamCalls: 4, upstreamFailures: 0 });
});

test("a connection that never says anything is cut as well", async () => {
  const server = await startWireServer({ models: echoModel });
  const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  socket.write("POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{");
  await expect.poll(() => server.requestCount()).toBe(1);
  const closed = once(socket, "close");
  await Promise.all([server.close(), closed]);
});

test("nothing keeps the process alive behind it", async () => {
  const program = `
    import { faultPlan, echoModel, startToolProxy, startWireServer } from "./src/chaos/door.ts";
    const faults = faultPlan({ faults: ["hang_after_headers"] });
    const server = await startWireServer({ models: () => echoModel(), faults });
    const silent = await startWireServer({ models: () => echoModel(), latencyMs: 500_000 });
    const proxy = await startToolProxy({ upstream: silent.url });
    const path = "/v1/chat/completions";
    const body = JSON.stringify({ model: "m", messages: [{ role: "user", content: "Hi" }] });
    const post = (url) => fetch(url + path, { method: "POST", body }).then((r) => r.text());
    const asked = [server, proxy].map(({ url }) => post(url).catch(() => "cut"));
    while (server.requestCount() + silent.requestCount() < 2) await new Promise(setImmediate);
    await Promise.all([server.close(), proxy.close()]);
    await silent.close();
    console.log((await Promise.all(asked)).join());`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
    cwd: join(import.meta.dirname, "../.."),
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let text = "";
  let saidAt = Infinity;
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    saidAt = Date.now();
    text += chunk;
  });
  const [code] = await once(child, "close");
  expect([code, text]).toEqual([0, "cut,cut\n"]);
  expect(Date.now() - saidAt).toBeLessThan(3_000);
});
