/** The agents of the proof, the same in the process that starts runs and in those that work. */
import {
  agent,
  idempotent,
  once,
  read,
  ToolError,
  type AgentDefinition,
  type HarnessOptions,
  type ToolContext,
  type ToolDefinition,
} from "../../../src/index.ts";
import { isJsonObject, parseJson, type Json } from "../../../src/std/json.ts";
import {
  INPUT_TOKENS_MAX,
  LOOK_RATE,
  MAX_OUTPUT_TOKENS,
  PAYS_MAX,
  PLACES,
  PRICE,
  runBudgets,
  sharedOf,
  type AgentName,
} from "./plan.ts";

export const PERSON = "ann";
const MODEL = "openai-compatible.chat/world";

/** Everything about budgets that a harness of this proof is told. */
export function governanceOf(
  runs: number,
): Pick<HarnessOptions, "budgets" | "prices" | "people" | "modelRetry"> {
  const { orgUsd, userOutputTokens, windowTokens, windowMs } = sharedOf(runs);
  return {
    budgets: [
      { of: "org", usd: orgUsd },
      { of: "org", inputTokens: windowTokens, perMs: windowMs },
      { of: "user", outputTokens: userOutputTokens },
    ],
    prices: { [MODEL]: PRICE },
    people: [{ id: PERSON }],
    modelRetry: { attemptsMax: 4, baseMs: 20, maxMs: 200, waitMaxMs: 500, timeoutMs: 2_000 },
  };
}

export function agentsOf(url: string): readonly AgentDefinition[] {
  const names: readonly AgentName[] = ["plain", "tight", "asking", "streaming"];
  return names.map((name) =>
    agent<{ readonly n: number }>({
      name,
      model: ({ input }) => {
        const n = isJsonObject(input) ? Number(input["n"]) : -1;
        return { baseURL: `${url}/m/${n}/v1`, modelId: "world" };
      },
      instructions: "Do what is asked, once. Überweise nichts doppelt.",
      tools: toolsOf(url),
      maxOutputTokens: MAX_OUTPUT_TOKENS,
      stream: name === "streaming",
      budget: {
        ...runBudgets[name],
        inputTokens: INPUT_TOKENS_MAX,
        calls: { pay: PAYS_MAX },
        onExhausted: name === "asking" ? "ask" : "end",
      },
    }),
  );
}

interface Input {
  readonly n: number;
  readonly place: string;
}

function toolsOf(url: string): Readonly<Record<string, ToolDefinition<Input>>> {
  const common = {
    inputSchema: {
      type: "object",
      properties: { n: { type: "integer" }, place: { type: "string" } },
      required: ["n", "place"],
    },
    retry: { retriesMax: 2, baseMs: 10, maxMs: 50 },
    timeoutMs: 5_000,
  } as const;
  const reconcile = async ({ key }: { readonly key: string }): Promise<Json> => {
    const parsed = parseJson(await (await fetch(`${url}/find?key=${key}`)).text());
    return parsed.ok ? parsed.value : null;
  };
  return {
    look: {
      ...common,
      description: "Use this to see.",
      effect: read(),
      limits: { rate: LOOK_RATE },
      execute: (input, context) => use(`${url}/tool/look`, input, context),
    },
    pay: {
      ...common,
      description: "Use this to pay.",
      effect: once({ reconcile, settlesWithinMs: 200 }),
      limits: { concurrent: PLACES.pay },
      execute: (input, context) => use(`${url}/tool/pay`, input, context),
    },
    note: {
      ...common,
      description: "Use this to note.",
      effect: idempotent(),
      limits: { concurrent: PLACES.note },
      execute: (input, context) => use(`${url}/tool/note`, input, context),
    },
  };
}

async function use(url: string, { n }: Input, context: ToolContext): Promise<Json> {
  const { idempotencyKey, abortSignal: signal } = context;
  const query = `n=${n}&key=${idempotencyKey}&sent=${Date.now()}`;
  const response = await fetch(`${url}?${query}`, { method: "POST", signal });
  if (response.status === 422) throw new ToolError("refused", { happened: "no" });
  const parsed = parseJson(await response.text());
  if (response.ok && parsed.ok) return parsed.value;
  throw new Error(`the service answered ${response.status}`);
}
