import { describe, expect, test } from "vitest";
import {
  startToolProxy,
  type ToolProxy,
  type ToolProxyOptions,
} from "../../src/chaos/tool-proxy.ts";
import { isBridleError } from "../../src/std/error.ts";
import { pay, proxied, seen, SOON_MS } from "./proxied.ts";

describe("what is drawn", () => {
  const fates = async (proxy: ToolProxy, keys: readonly string[]): Promise<readonly string[]> => {
    const drawn = await Promise.all(
      keys.map(async (key) => `${key} ${await seen(pay(proxy, key))}`),
    );
    return drawn.toSorted();
  };
  const keys = Array.from({ length: 60 }, (_, i) => `k${i}`);

  test("follows the seed and the key, not the order of arrival", async () => {
    const faults = ["fail_before%30"];
    const [one, again, another] = await Promise.all([
      proxied({ faults, seed: 7 }),
      proxied({ faults, seed: 7 }),
      proxied({ faults, seed: 8 }),
    ]);
    const drawn = await fates(one.proxy, keys);
    expect(await fates(again.proxy, keys.toReversed())).toEqual(drawn);
    expect(await fates(another.proxy, keys)).not.toEqual(drawn);
    const struck = drawn.filter((fate) => fate.endsWith("503 json")).length;
    expect(struck).toBeGreaterThan(8);
    expect(struck).toBeLessThan(30);
  });

  test("meets one of all faults at a rate, and every fault has its turn", async () => {
    const { proxy } = await proxied({ rate: 1, faults: ["fail_before", "html", "empty"] });
    await fates(proxy, keys);
    const { faults } = proxy.report();
    expect(Object.keys(faults).toSorted()).toEqual(["empty", "fail_before", "html"]);
    expect(Object.values(faults).reduce((sum, { injected }) => sum + injected, 0)).toBe(60);
  });

  test("comes from all where a rate is given and every fault names a time", async () => {
    const { proxy } = await proxied({ rate: 1, faults: ["fail_before@3"], seed: 5 });
    const shown: string[] = [];
    for (let n = 0; n < 2; n++) shown.push(await seen(pay(proxy, `key ${n}`, { waitMs: 400 })));
    const { requests, faults } = proxy.report();
    const injected = Object.values(faults).reduce((sum, counts) => sum + counts.injected, 0);
    expect([requests, shown.length]).toEqual([2, 2]);
    expect(injected).toBeGreaterThan(0);
  });

  test("comes from a plan of one's own where there is one", async () => {
    const plan: ToolProxyOptions["plan"] = ({ key, nth }) =>
      key === "b" && nth === 2 ? ["html"] : [];
    const { proxy } = await proxied({ plan });
    const shown: string[] = [];
    for (const key of ["a", "b", "a", "b"]) shown.push(await seen(pay(proxy, key)));
    expect(shown).toEqual(["200 json", "200 json", "200 json", "200 html"]);
  });

  test.each([
    [{ faults: ["htlm"] }, 'Did you mean "html"'],
    [{ faults: ["slow:soon"] }, "stands: milliseconds"],
    [{ faults: ["html:2"] }, "Write 'html'"],
    [{ faults: ["html%"] }, "slow:2000%10"],
    [{ rate: 2 }, "one request in twenty"],
    [{ seed: 0.5 }, "1 will do"],
    [{ rate: 0.5, plan: () => [] }, "one or the other"],
    [{ upstream: "shop" }, "http://127.0.0.1:8080"],
    [{ upstream: "ftp://shop" }, "http://127.0.0.1:8080"],
  ])("%j is refused with a hint", async (options, hint) => {
    const thrown: unknown = await startToolProxy({
      upstream: "http://127.0.0.1:9",
      ...options,
    }).catch((error: unknown) => error);
    expect(isBridleError(thrown, "input_invalid")).toBe(true);
    expect(thrown).toHaveProperty("hint", expect.stringContaining(hint));
  });
});

describe("the report", () => {
  const after = async (
    fault: string,
    again: (proxy: ToolProxy) => Promise<unknown>,
  ): Promise<unknown> => {
    const plan: ToolProxyOptions["plan"] = ({ key, nth }) =>
      key === "k1" && nth === 1 ? [fault] : [];
    const { proxy } = await proxied({ plan });
    await seen(pay(proxy, "k1", { waitMs: SOON_MS }));
    await again(proxy);
    return proxy.report().faults[fault];
  };

  test("tells a retry under the same key", async () => {
    const retried = { retried: 1, retriedWithKey: 1, retriedWithoutKey: 0 };
    expect(await after("timeout_after_commit", (proxy) => pay(proxy, "k1"))).toMatchObject(retried);
    const changed = '{"order":"A1","cents":500,"at":2}';
    expect(await after("reset_after_commit", (p) => pay(p, "k1", { body: changed }))).toMatchObject(
      retried,
    );
  });

  test("tells a write made again under another key after it was done: the double effect", async () => {
    const doubled = { retried: 1, retriedWithKey: 0, retriedWithoutKey: 1 };
    expect(await after("timeout_after_commit", (proxy) => pay(proxy, "k2"))).toMatchObject(doubled);
    const { shop, proxy } = await proxied({ faults: ["reset_after_commit@1"] });
    await seen(pay(proxy));
    await pay(proxy);
    expect(shop.payments()).toHaveLength(2);
    expect(proxy.report().faults["reset_after_commit"]).toMatchObject(doubled);
  });

  test("sees no danger in a retry of what never reached the service", async () => {
    const { proxy } = await proxied({ faults: ["fail_before@1"] });
    await pay(proxy);
    await pay(proxy);
    await pay(proxy);
    const counts = proxy.report().faults["fail_before"];
    expect(counts).toMatchObject({ injected: 1, retried: 1, retriedWithoutKey: 0 });
  });

  test("takes another payment for no retry", async () => {
    const other = '{"order":"B2","cents":100}';
    const counts = await after("timeout_after_commit", (proxy) =>
      pay(proxy, "k9", { body: other }),
    );
    expect(counts).toMatchObject({ injected: 1, retried: 0 });
  });

  test("comes with each exchange as it ends", async () => {
    const told: unknown[] = [];
    const { proxy } = await proxied({
      faults: ["html"],
      onExchange: (exchange) => told.push(exchange),
    });
    await pay(proxy, "k1");
    await expect.poll(() => told).toHaveLength(1);
    expect(told[0]).toMatchObject({
      method: "POST",
      target: "/payments",
      key: "k1",
      faults: ["html"],
      upstreamCalls: 1,
      upstreamStatus: 200,
      isCommitted: true,
      isTold: false,
    });
  });
});
