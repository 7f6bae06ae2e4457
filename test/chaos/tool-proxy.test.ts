import { once } from "node:events";
import { request as rawRequest, type OutgoingHttpHeaders } from "node:http";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  startToolProxy,
  type ToolProxy,
  type ToolProxyOptions,
} from "../../src/chaos/tool-proxy.ts";
import { pay, proxied, seen, SOON_MS } from "./proxied.ts";
import { startShop } from "./shop.ts";

describe("a proxy without faults", () => {
  test("passes method, path, query, headers and bytes through, both ways", async () => {
    const { shop, proxy } = await proxied();
    const bytes = Buffer.from([0, 255, 254, 13, 10, 0]);
    const response = await fetch(`${proxy.url}/echo/a%20b?x=1&x=2`, {
      method: "PATCH",
      headers: { "x-mine": "kept", "content-type": "application/octet-stream" },
      body: bytes,
    });
    expect(response.status).toBe(207);
    expect(Buffer.from(await response.arrayBuffer())).toEqual(bytes);
    expect(response.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
    const [got] = shop.requests();
    expect(got).toMatchObject({ method: "PATCH", target: "/echo/a%20b?x=1&x=2" });
    expect(got?.headers).toMatchObject({ "x-mine": "kept", host: new URL(shop.url).host });
    expect(proxy.report()).toMatchObject({ requests: 1, upstreamCalls: 1, faults: {} });
  });

  test("keeps to itself what is meant for the next hop", async () => {
    const { shop, proxy } = await proxied();
    const headers = {
      connection: "close, x-private",
      "x-private": "1",
      te: "trailers",
      "x-kept": "1",
    };
    await rawGet(`${proxy.url}/orders/A1`, headers);
    const [got] = shop.requests();
    expect(got?.headers).toMatchObject({ "x-kept": "1" });
    expect(got?.headers).not.toHaveProperty("x-private");
    expect(got?.headers).not.toHaveProperty("te");
  });

  test("tells of an exchange and of the service no secret that it knows by its place", async () => {
    const shop = await startShop();
    const told: string[] = [];
    const proxy = await startToolProxy({
      upstream: shop.url.replace("//", "//ann:s3cret@"),
      onExchange: (exchange) => told.push(JSON.stringify(exchange)),
    });
    onTestFinished(() => proxy.close());
    const headers = { authorization: "Bearer s3cret", cookie: "s3cret" };
    const url = `${proxy.url}/echo?key=s3cret&s3cret&x=1`;
    await fetch(url, { method: "POST", headers, body: "s3cret" });
    expect(shop.requests()[0]).toMatchObject({ target: "/echo?key=s3cret&s3cret&x=1" });
    await expect.poll(() => told.length).toBe(1);
    expect(JSON.parse(told[0] ?? "")).toMatchObject({ target: "/echo?key=…&…&x=…" });
    expect(proxy.upstream).toBe(`${shop.url}/`);
    expect([...told, JSON.stringify(proxy.report())].join()).not.toContain("s3cret");
    const wrong = startToolProxy({ upstream: "https://ann:s3cret@host/?key=s3cret" });
    await expect(wrong).rejects.toThrow("'https://…@host/?…' is no address");
  });

  test("puts the path of the service's address before the request's own", async () => {
    const shop = await startShop();
    const proxy = await startToolProxy({ upstream: `${shop.url}/echo/` });
    onTestFinished(() => proxy.close());
    await fetch(`${proxy.url}/deep?q`, { method: "POST", body: "x" });
    expect(shop.requests()[0]?.target).toBe("/echo/deep?q");
  });

  test("answers HEAD without a body and with the service's length", async () => {
    const { proxy } = await proxied();
    const response = await fetch(`${proxy.url}/orders/A1`, { method: "HEAD" });
    expect(response.status).toBe(200);
    expect(Number(response.headers.get("content-length"))).toBeGreaterThan(10);
  });

  test("hands server-sent events on as they come", async () => {
    const { proxy } = await proxied();
    const response = await fetch(`${proxy.url}/events`);
    const reader = response.body?.getReader();
    const first = await reader?.read();
    expect(Buffer.from(first?.value ?? []).toString()).toBe("data: 1\n\n");
    await reader?.cancel();
  });

  test("says 502 for a service that is not there, and counts it as no fault of its own", async () => {
    const proxy = await startToolProxy({ upstream: "http://127.0.0.1:9" });
    onTestFinished(() => proxy.close());
    const response = await fetch(`${proxy.url}/x`);
    expect(response.status).toBe(502);
    expect(await response.json()).toMatchObject({ error: { code: "upstream_failed" } });
    expect(proxy.report()).toMatchObject({ upstreamFailures: 1, faults: {} });
  });

  test("says 504 for a service that is silent", async () => {
    const { proxy } = await proxied({ upstreamTimeoutMs: 100 });
    expect((await fetch(`${proxy.url}/silent`)).status).toBe(504);
  });

  test("refuses a body over 32 MiB, and passes one of 8 MiB", async () => {
    const { shop, proxy } = await proxied();
    const large = await fetch(`${proxy.url}/echo`, { method: "POST", body: Buffer.alloc(2 ** 23) });
    expect((await large.arrayBuffer()).byteLength).toBe(2 ** 23);
    const over = Buffer.alloc(2 ** 25 + 1);
    const refused = await fetch(`${proxy.url}/echo`, { method: "POST", body: over });
    expect(refused.status).toBe(413);
    expect(shop.requests()).toHaveLength(1);
  });
});

describe("a fault", () => {
  test.each([
    ["fail_before", "503 json", [0, 0]],
    ["refuse_before", "broken off", [0, 0]],
    ["rate_limited:1", "429 json", [0, 0]],
    ["timeout_after_commit", "nothing", [1, 1]],
    ["reset_after_commit", "broken off", [1, 1]],
    ["error_after_commit", "500 json", [1, 1]],
    ["html", "200 html", [1, 1]],
    ["empty", "200 empty", [1, 1]],
    ["partial_json", "200 broken json", [1, 1]],
    ["partial_json:wrong", "broken off", [1, 1]],
    ["schema_drift", "200 json", [1, 0]],
    ["duplicate_delivery", "200 json", [2, 0]],
    ["wrong_status:201", "201 json", [1, 0]],
    ["wrong_status:204", "204 empty", [1, 0]],
    ["slow:50", "200 json", [1, 0]],
    ["slow:5000", "nothing", [1, 1]],
    ["drip:50", "200 json", [1, 0]],
  ] as const)("%s shows the client %s", async (spec, shown, [upstreamCalls, hidden]) => {
    const { shop, proxy } = await proxied({ faults: [`${spec}@1`] });
    const waitMs = shown === "nothing" ? SOON_MS : 10_000;
    expect(await seen(pay(proxy, undefined, { waitMs }))).toBe(shown);
    expect(shop.payments()).toHaveLength(upstreamCalls);
    const [name = ""] = spec.split(":");
    const counts = { injected: 1, upstreamCalls, committedThoughFailed: hidden, retried: 0 };
    // The proxy learns only now that a client has left.
    await expect.poll(() => proxy.report().faults).toMatchObject({ [name]: counts });
  });

  test("strikes no further than it says", async () => {
    const { proxy } = await proxied({ faults: ["fail_before@2"] });
    const shown: string[] = [];
    for (let i = 0; i < 3; i++) shown.push(await seen(pay(proxy)));
    expect(shown).toEqual(["200 json", "503 json", "200 json"]);
  });

  test("strikes only the requests it is let at", async () => {
    const strikes: ToolProxyOptions["strikes"] = ({ method }) => method === "POST";
    const { proxy } = await proxied({ faults: ["fail_before"], strikes });
    expect((await fetch(`${proxy.url}/orders/A1`)).status).toBe(200);
    expect((await pay(proxy)).status).toBe(503);
  });

  test("composes with others on one answer", async () => {
    const { shop, proxy } = await proxied({
      faults: ["error_after_commit", "duplicate_delivery", "slow:60"],
    });
    const startedAt = performance.now();
    expect(await seen(pay(proxy))).toBe("500 json");
    expect(performance.now() - startedAt).toBeGreaterThan(55);
    expect(shop.payments()).toHaveLength(2);
    expect(Object.keys(proxy.report().faults).toSorted()).toEqual([
      "duplicate_delivery",
      "error_after_commit",
      "slow",
    ]);
  });

  test("that finds nothing to spoil is not counted", async () => {
    const { proxy } = await proxied({
      faults: ["stale_read", "schema_drift", "partial_json", "empty"],
    });
    const response = await fetch(`${proxy.url}/nothing`, { method: "DELETE" });
    expect(response.status).toBe(204);
    expect(proxy.report().faults).toEqual({});
  });

  test("that delivers twice tells nobody's refusal of the second as if nothing had happened", async () => {
    const { shop, proxy } = await proxied({ faults: ["duplicate_delivery"] });
    const response = await fetch(`${proxy.url}/unique/7`, { method: "PUT", body: "{}" });
    expect(response.status).toBe(409);
    expect(shop.requests()).toHaveLength(2);
    expect(proxy.report().faults["duplicate_delivery"]).toMatchObject({ committedThoughFailed: 1 });
  });
});

describe("a rate limit", () => {
  test("is kept for everybody until its time has come, and counts who comes too early", async () => {
    const { shop, proxy } = await proxied({ faults: ["rate_limited:2@1"] });
    const limited = await pay(proxy, "k1");
    expect(limited.headers.get("retry-after")).toBe("2");
    expect((await pay(proxy, "k1")).status).toBe(429);
    const startedAt = performance.now();
    while ((await fetch(`${proxy.url}/orders/A1`)).status === 429) await sleep(50);
    expect(performance.now() - startedAt).toBeGreaterThan(1_000);
    expect((await pay(proxy, "k1")).status).toBe(200);
    expect(shop.payments()).toHaveLength(1);
    expect(proxy.report().tooEarly).toBeGreaterThan(1);
  });
});

describe("a stale read", () => {
  const read = async (proxy: ToolProxy, user = "ann"): Promise<unknown> =>
    (await fetch(`${proxy.url}/orders/A1`, { headers: { authorization: user } })).json();

  test("answers what the URL answered before the last write, to the same reader alone", async () => {
    const { shop, proxy } = await proxied({ faults: ["stale_read"] });
    expect(await read(proxy)).toMatchObject({ paidCents: 0 });
    expect(await read(proxy)).toMatchObject({ paidCents: 0 });
    expect(proxy.report().faults).toEqual({});
    await pay(proxy);
    expect(await read(proxy, "bob")).toMatchObject({ paidCents: 500 });
    const calls = shop.requests().length;
    expect(await read(proxy)).toMatchObject({ paidCents: 0 });
    expect(shop.requests()).toHaveLength(calls);
    expect(proxy.report().faults["stale_read"]).toMatchObject({ injected: 1, upstreamCalls: 0 });
  });

  test("is not brought about by a write that the service refused", async () => {
    const { proxy } = await proxied({ faults: ["stale_read"] });
    await read(proxy);
    await fetch(`${proxy.url}/missing`, { method: "POST", body: "{}" });
    await read(proxy);
    expect(proxy.report().faults).toEqual({});
  });
});

describe("a drift of the schema", () => {
  test("is the same for answers of one shape, and another under another seed", async () => {
    const drifted = async (seed: number, order: string): Promise<readonly string[]> => {
      const { proxy } = await proxied({ faults: ["schema_drift"], seed });
      const body: unknown = await (await fetch(`${proxy.url}/orders/${order}`)).json();
      return Object.entries(body ?? {}).map(([name, value]) => `${name}: ${typeof value}`);
    };
    const plain = ["order: string", "paidCents: number", "due_cents: number", "lines: object"];
    const seeds = [1, 2, 3, 4, 5, 6];
    const first = await Promise.all(seeds.map((seed) => drifted(seed, "A1")));
    const other = await Promise.all(seeds.map((seed) => drifted(seed, "B2")));
    expect(other).toEqual(first);
    expect(new Set(first.map((names) => names.join())).size).toBeGreaterThan(2);
    expect(first.some((names) => names.join() !== plain.join())).toBe(true);
  });
});

test("closing cuts connections that hang", async () => {
  const { proxy } = await proxied({ faults: ["timeout_after_commit"] });
  const hanging = fetch(`${proxy.url}/orders/A1`).catch(() => "cut");
  await expect.poll(() => proxy.report().upstreamCalls).toBe(1);
  await proxy.close();
  expect(await hanging).toBe("cut");
});

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

/** With headers that fetch does not let anybody write. */
async function rawGet(url: string, headers: OutgoingHttpHeaders): Promise<void> {
  const request = rawRequest(url, { headers });
  request.end();
  const [response] = await once(request, "response");
  response.resume();
  await once(response, "end");
}
