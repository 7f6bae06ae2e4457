/** The tools of the runs that are killed. Each tells the gate where it stands. */
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { idempotent, once, read, transactional } from "../../src/index.ts";
import type { ToolContext, ToolDefinition } from "../../src/index.ts";
import { sqliteTransactor } from "../../src/storage/sqlite/door.ts";
import { parseJson, type Json } from "../../src/std/json.ts";
import type { Gate } from "./gate.ts";
import { killingTransactor } from "./killing-store.ts";
import type { Scenario } from "./scenario.ts";

export interface ToolParts {
  readonly scenario: Scenario;
  readonly gate: Gate;
  readonly ledgerUrl: string;
  readonly folder: string;
  /** Called when the first read of the run has begun. */
  readonly onBalance: () => void;
}

interface PayInput {
  readonly reference: string;
  readonly cents: number;
}

/** An effect lands at once or never here: the service commits before it answers. */
const SETTLES_WITHIN_MS = 150;

const paySchema = {
  type: "object",
  properties: {
    reference: { type: "string" },
    cents: { type: "integer", minimum: 1 },
    delayMs: { type: "integer" },
    loses: { type: "boolean" },
  },
  required: ["reference", "cents"],
  additionalProperties: false,
} as const;

/** The file of the business database that a transactional payment is written to. */
export function businessPath(folder: string): string {
  return join(folder, "business.db");
}

export function crashTools(parts: ToolParts): Record<string, ToolDefinition> {
  const { gate, ledgerUrl } = parts;
  const balance: ToolDefinition<{ readonly delayMs?: number }> = {
    description: "Use this to see how much money is there.",
    inputSchema: { type: "object", properties: { delayMs: { type: "integer" } } },
    effect: read(),
    execute: async ({ delayMs }) => {
      const pass = gate.enter("read");
      pass("before");
      parts.onBalance();
      const response = await fetch(`${ledgerUrl}/balance?delayMs=${delayMs ?? 0}`);
      const answer = await answerOf(response);
      pass("after");
      return answer;
    },
  };
  return { balance, pay: payTool(parts) };
}

function payTool(parts: ToolParts): ToolDefinition<PayInput> {
  const { gate, ledgerUrl, scenario } = parts;
  const common = {
    description: "Use this to pay one order.",
    inputSchema: paySchema,
    retry: { baseMs: 10, maxMs: 20 },
    timeoutMs: 10_000,
  };
  const send = (place: "keyed" | "plain") => (input: PayInput, context: ToolContext) =>
    order(parts, { place, input, context });
  switch (scenario.payClass) {
    case "read":
    case "idempotent":
      return { ...common, effect: idempotent(), execute: send("keyed") };
    case "transactional":
      return transactionalPay(parts, common);
    case "once": {
      const reconcile = async ({ key }: { readonly key: string }): Promise<Json> => {
        const pass = gate.enter("reconcile");
        pass("before");
        const found = await answerOf(await fetch(`${ledgerUrl}/find?key=${key}`));
        pass("after");
        return found;
      };
      const effect = once({ reconcile, settlesWithinMs: SETTLES_WITHIN_MS });
      return { ...common, effect, execute: send("plain") };
    }
    case "once blind":
      return { ...common, effect: once(), execute: send("plain") };
    default:
      throw new Error("unknown effect class");
  }
}

/** `between`: the service has committed and its answer is not read. */
async function order(
  { gate, ledgerUrl }: ToolParts,
  given: {
    readonly place: "keyed" | "plain";
    readonly input: PayInput;
    readonly context: ToolContext;
  },
): Promise<Json> {
  const { place, input, context } = given;
  const pass = gate.enter(`effect ${input.reference.split("/").at(-1) ?? ""}`);
  pass("before");
  const body = JSON.stringify({ ...input, key: context.idempotencyKey });
  const { abortSignal: signal } = context;
  const response = await fetch(`${ledgerUrl}/${place}`, { method: "POST", body, signal });
  pass("between");
  const answer = await answerOf(response);
  pass("after");
  return answer;
}

/** `between`: written, and not yet committed. */
function transactionalPay(
  { gate, folder }: ToolParts,
  common: { readonly description: string; readonly inputSchema: typeof paySchema },
): ToolDefinition<PayInput> {
  const transactor = killingTransactor(sqliteTransactor(businessPath(folder)), gate);
  return {
    ...common,
    effect: transactional(transactor),
    execute: ({ reference, cents }, { tx }) => {
      const pass = gate.enter(`effect ${reference.split("/").at(-1) ?? ""}`);
      pass("before");
      // The transactor above hands over the connection of its own database.
      const db = tx as DatabaseSync;
      db.exec("CREATE TABLE IF NOT EXISTS payments (reference TEXT, cents INTEGER)");
      db.prepare("INSERT INTO payments (reference, cents) VALUES (?, ?)").run(reference, cents);
      pass("between");
      return { paid: reference };
    },
  };
}

async function answerOf(response: Response): Promise<Json> {
  const parsed = parseJson(await response.text());
  if (response.ok && parsed.ok) return parsed.value;
  throw new Error(`The ledger answered ${response.status}`);
}
