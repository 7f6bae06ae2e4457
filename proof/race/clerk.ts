/** The agent that sixteen processes run at once, and the models behind its runs. */
import { agent, embedded, idempotent, once, read } from "../../src/index.ts";
import type { AgentDefinition, ToolContext, ToolDefinition } from "../../src/index.ts";
import { oracleModel, type Action, type ChatModel } from "../../src/chaos/door.ts";
import type { Engine } from "../../src/orchestration/engine.ts";
import { isJsonObject, parseJson, type Json } from "../../src/std/json.ts";

/** Where in a payment its worker is stopped for longer than its lease, once for each run. */
export type StallPoint = "claim" | "answer" | "append";

export const stallPoints: readonly StallPoint[] = ["claim", "answer", "append"];

export const LEASE_MS = 1_000;
const TIMEOUT_MS = 1_500;
/**
 * An order may land as late as its deadline, and its call begins at the latest when the lease that
 * the claim was made under ends. Only after both is "did not happen" the truth.
 */
const SETTLES_WITHIN_MS: number = LEASE_MS + TIMEOUT_MS;

interface PayInput {
  readonly reference: string;
  readonly cents: number;
  readonly stall?: StallPoint;
}

export interface ClerkParts {
  readonly modelUrl: (tag: string) => string;
  readonly ledgerUrl: string;
  /** Called when the service has answered and nobody has been told. */
  readonly onAnswer: (input: PayInput, context: ToolContext) => void;
}

const paySchema = {
  type: "object",
  properties: {
    reference: { type: "string" },
    cents: { type: "integer", minimum: 1 },
    stall: { enum: stallPoints },
  },
  required: ["reference", "cents"],
  additionalProperties: false,
} as const;

export function clerk(parts: ClerkParts): AgentDefinition {
  const { ledgerUrl, modelUrl } = parts;
  const balance: ToolDefinition = {
    description: "Use this to see how much money is there.",
    inputSchema: { type: "object" },
    effect: read(),
    execute: () => getJson(`${ledgerUrl}/balance`),
  };
  const reconcile = ({ key }: { readonly key: string }): Promise<Json> =>
    getJson(`${ledgerUrl}/find?key=${key}`);
  const common = {
    description: "Use this to pay one order.",
    inputSchema: paySchema,
    timeoutMs: TIMEOUT_MS,
    retry: { baseMs: 20, maxMs: 100 },
  };
  const pay = (place: "keyed" | "plain"): Pick<ToolDefinition<PayInput>, "execute"> => ({
    execute: (input, context) => order(parts, { place, input, context }),
  });
  return agent({
    name: "clerk",
    model: ({ input }) => ({
      baseURL: modelUrl(typeof input === "string" ? input : ""),
      modelId: "simulated",
    }),
    instructions: "Pay what is ordered.",
    tools: {
      balance,
      pay_keyed: { ...common, ...pay("keyed"), effect: idempotent() },
      pay_plain: {
        ...common,
        ...pay("plain"),
        effect: once({ reconcile, settlesWithinMs: SETTLES_WITHIN_MS }),
      },
      pay_blind: { ...common, ...pay("plain"), effect: once() },
    },
  });
}

export function raceEngine(concurrency: number): Engine {
  return embedded({ concurrency, pollMs: 50 });
}

/** The intended effects of a run, and where one of them stalls. */
export function raceModel(
  tag: string,
  given: { readonly isBlind: boolean; readonly stall: StallPoint | null; readonly pay: string },
): ChatModel {
  const action = (name: string, item: string): Action => {
    const stalls = given.stall !== null && given.pay === name;
    const more = stalls ? { stall: given.stall } : {};
    return { name, arguments: { reference: `${tag}/${item}`, cents: 500, ...more } };
  };
  const actions = [
    { name: "balance", arguments: {} },
    action("pay_keyed", "a"),
    action("pay_plain", "b"),
    ...(given.isBlind ? [action("pay_blind", "c")] : []),
  ];
  return oracleModel({ key: tag, actions, finalText: "Done." });
}

/** The order says when it is too late: a request that slept in a stopped process is refused. */
async function order(
  { ledgerUrl, onAnswer }: ClerkParts,
  given: {
    readonly place: "keyed" | "plain";
    readonly input: PayInput;
    readonly context: ToolContext;
  },
): Promise<Json> {
  const { place, input, context } = given;
  const { idempotencyKey: key, deadline: notAfter, abortSignal: signal } = context;
  const body = JSON.stringify({ ...input, key, notAfter });
  const response = await fetch(`${ledgerUrl}/${place}`, { method: "POST", body, signal });
  const answer = await jsonOf(response);
  onAnswer(input, context);
  return answer;
}

async function getJson(url: string): Promise<Json> {
  return jsonOf(await fetch(url));
}

async function jsonOf(response: Response): Promise<Json> {
  const parsed = parseJson(await response.text());
  if (response.ok && parsed.ok) return parsed.value;
  const why = parsed.ok && isJsonObject(parsed.value) ? parsed.value["error"] : undefined;
  throw new Error(`HTTP ${response.status}: ${typeof why === "string" ? why : "no reason given"}`);
}
