/** An agent that looks, pays over HTTP and looks again, its tools written as careful people do. */
import { agent, idempotent, must, once, read, ToolError } from "../../../src/index.ts";
import type {
  AgentDefinition,
  ModelReference,
  ToolContext,
  ToolDefinition,
} from "../../../src/index.ts";
import type { Action } from "../../../src/chaos/door.ts";
import { isJsonObject, parseJson } from "../../../src/std/json.ts";

export type PayClass = "once" | "idempotent";

export const SCRIPT: readonly Action[] = [
  { name: "total", arguments: {} },
  { name: "pay", arguments: { orderId: "A-1042" } },
  { name: "total", arguments: {} },
];

/** No fault that hangs strikes what only looks: only a slow machine makes it slow. Milliseconds. */
const LOOK_TIMEOUT_MS = 10_000;
/** So long a payment may take, and so long what was sent may still land. Milliseconds. */
const TIMEOUT_MS = 500;
const SETTLES_MS = 100;

export function httpPayer(given: {
  readonly model: ModelReference;
  readonly url: string;
  readonly payClass: PayClass;
}): AgentDefinition<string> {
  const { model, url, payClass } = given;
  return agent<string>({
    name: "http-payer",
    model,
    instructions: "You look at the total, pay what is asked for, once, and look again.",
    tools: { total: totalTool(url), pay: payTool(url, payClass) },
    done: [must("the order is paid once", { tool: "pay", min: 1, max: 1 })],
    limits: { turnsMax: 16, callsMax: 40, wallMs: 3_600_000 },
  });
}

/** Longer together than a service that is asked too often stays closed. */
const retry = { retriesMax: 6, baseMs: 100, maxMs: 1_000 } as const;

function totalTool(url: string): ToolDefinition {
  return {
    description: "How many payments there were.",
    inputSchema: { type: "object", properties: {}, additionalProperties: false },
    effect: read(),
    timeoutMs: LOOK_TIMEOUT_MS,
    retry,
    execute: async (_input, { abortSignal: signal }: ToolContext) => {
      const { payments } = await json(await fetch(`${url}/total`, { signal }));
      return { payments: payments ?? null };
    },
  };
}

function payTool(url: string, payClass: PayClass): ToolDefinition {
  return {
    description: "Use this to pay one order. It cannot be undone.",
    inputSchema: {
      type: "object",
      properties: { orderId: { type: "string" } },
      required: ["orderId"],
      additionalProperties: false,
    },
    effect: payClass === "idempotent" ? idempotent() : onceOver(url),
    timeoutMs: TIMEOUT_MS,
    retry,
    // More failures than one call has attempts: what leaves a service alone is not what is tried.
    breaker: { failuresMax: 20 },
    execute: async (_input, { idempotencyKey: key, abortSignal: signal }: ToolContext) => {
      const response = await fetch(`${url}/payments`, {
        method: "POST",
        headers: { "idempotency-key": key, "content-type": "application/json" },
        body: "{}",
        signal,
      });
      return paymentOf(await json(response));
    },
  };
}

/** Whoever asks under the key is told what was paid, or that nothing was. */
function onceOver(url: string): ReturnType<typeof once> {
  return once({
    settlesWithinMs: SETTLES_MS,
    reconcile: async ({ key, abortSignal: signal }) => {
      const response = await fetch(`${url}/payments/${encodeURIComponent(key)}`, { signal });
      return response.status === 404 ? null : paymentOf(await json(response));
    },
  });
}

/** Anything but a payment with an id leaves it open whether one was made: a plain throw says so. */
function paymentOf(body: Readonly<Record<string, unknown>>): { readonly paymentId: string } {
  const { paymentId } = body;
  if (typeof paymentId === "string") return { paymentId };
  throw new Error("the service's answer names no payment");
}

async function json(response: Response): Promise<Readonly<Record<string, unknown>>> {
  const text = await response.text();
  if (response.status === 429) {
    throw new ToolError("the service has too many requests", { isTransient: true });
  }
  if (!response.ok) throw new Error(`the service answered ${response.status}`);
  const parsed = parseJson(text);
  if (parsed.ok && isJsonObject(parsed.value)) return parsed.value;
  throw new Error("the service's answer is no JSON object");
}
