import { onTestFinished } from "vitest";
import {
  startToolProxy,
  type ToolProxy,
  type ToolProxyOptions,
} from "../../src/chaos/tool-proxy.ts";
import { startShop, type Shop } from "./shop.ts";

export interface Proxied {
  readonly shop: Shop;
  readonly proxy: ToolProxy;
}

interface PayOptions {
  readonly body?: string;
  /** The client gives up then. */
  readonly waitMs?: number;
}

/** So short that a hanging connection does not hold the tests up. */
export const SOON_MS = 400;

/** A proxy before a shop of its own; both are closed when the test is over. */
export async function proxied(options: Partial<ToolProxyOptions> = {}): Promise<Proxied> {
  const shop = await startShop();
  const proxy = await startToolProxy({ upstream: shop.url, ...options });
  onTestFinished(() => proxy.close());
  return { shop, proxy };
}

export function pay(
  proxy: ToolProxy,
  key?: string,
  { body = '{"order":"A1","cents":500}', waitMs = 10_000 }: PayOptions = {},
): Promise<Response> {
  const headers = key === undefined ? {} : { "idempotency-key": key };
  return fetch(`${proxy.url}/payments`, {
    method: "POST",
    body,
    headers: { "content-type": "application/json", ...headers },
    signal: AbortSignal.timeout(waitMs),
  });
}

/** What a client sees of an exchange: a status and what its body is worth, or how it broke. */
export async function seen(response: Promise<Response>): Promise<string> {
  try {
    const { status, text } = await response.then(async (r) => ({
      status: r.status,
      text: await r.text(),
    }));
    if (text === "") return `${status} empty`;
    try {
      JSON.parse(text);
      return `${status} json`;
    } catch {
      return `${status} ${text.startsWith("<!DOCTYPE html>") ? "html" : "broken json"}`;
    }
  } catch (thrown) {
    return thrown instanceof Error && thrown.name === "TimeoutError" ? "nothing" : "broken off";
  }
}
