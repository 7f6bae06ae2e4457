/** The files that `bridle init` writes: a project that runs at once, without a key. */
export interface StarterFile {
  readonly name: string;
  readonly text: string;
}

export interface StarterOptions {
  readonly name: string;
  /** What package.json says of this package: a range or a folder. */
  readonly dependency: string;
}

export function starterFiles(options: StarterOptions): readonly StarterFile[] {
  return [
    { name: "package.json", text: packageJson(options) },
    { name: "bridle.config.ts", text: CONFIG },
    { name: "payments.ts", text: PAYMENTS },
    { name: "README.md", text: readme(options.name) },
    { name: ".gitignore", text: "node_modules\nbridle.db*\npayments.jsonl\n" },
  ];
}

function packageJson(options: StarterOptions): string {
  const manifest = {
    name: options.name,
    private: true,
    type: "module",
    engines: { node: ">=24" },
    scripts: { start: `bridle run refund-desk --text "Please refund order A-1001."` },
    dependencies: { bridle: options.dependency },
  };
  return `${JSON.stringify(manifest, undefined, 2)}\n`;
}

const CONFIG = `import { agent, defineConfig, must, once, read, tool, type Receipt } from "bridle";
import { scriptedModel, servedModel } from "bridle/chaos";
import { findPayment, findRefund, payBack } from "./payments.ts";

const findOrder = tool({
  description: "Use this to look up what a customer paid for one order.",
  inputSchema: {
    type: "object",
    properties: { orderId: { type: "string" } },
    required: ["orderId"],
    additionalProperties: false,
  },
  effect: read(), // changes nothing: after a crash it simply runs again
  execute: ({ orderId }) => findPayment(String(orderId)),
});

const refund = tool({
  description: "Use this to pay money back for one order. Not for exchanges.",
  inputSchema: {
    type: "object",
    properties: { orderId: { type: "string" }, cents: { type: "integer", minimum: 1 } },
    required: ["orderId", "cents"],
    additionalProperties: false,
  },
  // Must never run twice: after a crash the harness asks whether this key was paid.
  effect: once({ reconcile: ({ key }) => findRefund(key), settlesWithinMs: 0 }),
  execute: ({ orderId, cents }, { idempotencyKey }) =>
    payBack({ key: idempotencyKey, orderId: String(orderId), cents: Number(cents) }),
});

/** Looks at the payment service itself, not at what the model said. */
function refundedRight(receipts: readonly Receipt[]): boolean {
  const made = receipts.filter(({ tool }) => tool === "refund");
  return made.every(({ input }) => {
    const { orderId, cents } = input as { orderId: string; cents: number };
    const paid = findPayment(orderId);
    return made.length === 1 && typeof paid === "object" && paid.cents === cents;
  });
}

/** Plays three fixed answers, whatever it is told: no key and no network are needed. */
const simulated = servedModel(
  scriptedModel([
    { call: { name: "findOrder", arguments: { orderId: "A-1001" } } },
    { call: { name: "refund", arguments: { orderId: "A-1001", cents: 4200 } } },
    { text: "Order A-1001 was refunded: 42.00 USD." },
  ]),
);

const desk = agent({
  name: "refund-desk",
  // For a real model: npm install @ai-sdk/openai, set OPENAI_API_KEY, and
  // MODEL=openai/gpt-5.2 (any "provider/model" of the AI SDK works the same way).
  model: process.env.MODEL ?? simulated,
  instructions:
    "You work at a refund desk. Look the order up, refund what was paid for it once, and say so.",
  tools: { findOrder, refund },
  // The run succeeds when this holds, whatever the model says.
  done: [must("at most one refund, of what was paid", ({ receipts }) => refundedRight(receipts))],
  budget: { outputTokens: 50_000, calls: { refund: 1 } },
  limits: { turnsMax: 10, wallMs: 10 * 60_000 },
});

export default defineConfig({ agents: [desk], store: "./bridle.db" });
`;

const PAYMENTS = `/** Stands for your payment service: a file with one refund per line. */
import { appendFileSync, existsSync, readFileSync } from "node:fs";

export interface Refund {
  readonly key: string;
  readonly orderId: string;
  readonly cents: number;
}

const file = new URL("./payments.jsonl", import.meta.url);

const payments: Record<string, { orderId: string; cents: number }> = {
  "A-1001": { orderId: "A-1001", cents: 4200 },
  "A-1002": { orderId: "A-1002", cents: 1999 },
};

export function findPayment(orderId: string): { orderId: string; cents: number } | string {
  return payments[orderId] ?? \`There is no order \${orderId}.\`;
}

/** The refund that was made under this key, or undefined. */
export function findRefund(key: string): Refund | undefined {
  if (!existsSync(file)) return undefined;
  const lines = readFileSync(file, "utf8").split("\\n").filter(Boolean);
  return lines.map((line): Refund => JSON.parse(line)).find((made) => made.key === key);
}

export function payBack(refund: Refund): Refund {
  appendFileSync(file, JSON.stringify(refund) + "\\n");
  return refund;
}
`;

function readme(name: string): string {
  return `# ${name}

An agent at a refund desk, run by Bridle: every step is durable, and no refund is paid twice.

    npm install
    npx bridle run refund-desk --text "Please refund order A-1001."
    npx bridle runs
    npx bridle show RUN
    npx bridle doctor

The model is simulated until you name a real one: it plays three fixed answers. To use a real one:

    npm install @ai-sdk/openai
    OPENAI_API_KEY=… MODEL=openai/gpt-5.2 npx bridle run refund-desk --text "…"

Kill it at any moment and go on with \`npx bridle resume RUN\`.
`;
}
