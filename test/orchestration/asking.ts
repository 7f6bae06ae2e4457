/** A desk whose payments people are asked about, over one SQLite file that several worlds share. */
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { DecisionPoint, Person } from "../../src/governance/door.ts";
import { once, type AgentDefinition, type Run, type ToolDefinition } from "../../src/index.ts";
import type { HeldApproval } from "../../src/journal/run.ts";
import { sqlite, type SqliteJournal } from "../../src/storage/sqlite/door.ts";
import { agentOf, modelOf, toolOf, until } from "./world.ts";
import type { PlayedModel } from "./world.ts";

export const askAlways: DecisionPoint = () => ({
  kind: "ask",
  rules: ["four-eyes"],
  question: "May this be paid?",
});

export const crew: readonly Person[] = [
  { id: "ann", roles: ["lead"] },
  { id: "bob", roles: ["lead"] },
  { id: "carl" },
];

export const customer = { id: "customer" } as const;

export interface Desk {
  readonly path: string;
  readonly model: PlayedModel;
  readonly agent: AgentDefinition;
  /** The inputs that were paid, as the outside saw them. */
  readonly paid: () => readonly unknown[];
  open(): SqliteJournal;
}

/** One turn of these payments, then "Done."; what is paid is a line in a file outside. */
export function deskOf(
  inputs: readonly Record<string, unknown>[] = [{ cents: 5 }],
  parts: Partial<ToolDefinition> = {},
): Desk {
  const path = mkdtempSync(join(tmpdir(), "bridle-approvals-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  const file = join(path, "paid");
  const pay = toolOf({
    inputSchema: {
      type: "object",
      properties: { cents: { type: "integer", minimum: 1 }, to: { type: "string" } },
      required: ["cents"],
      additionalProperties: false,
    },
    effect: once(),
    execute: (input) => {
      appendFileSync(file, `${JSON.stringify(input)}\n`);
      return "paid";
    },
    ...parts,
  });
  const model = modelOf({ calls: inputs.map((input) => ({ tool: "pay", input })) }, "Done.");
  return {
    path,
    model,
    agent: agentOf(model, { tools: { pay } }),
    paid: () => {
      if (!existsSync(file)) return [];
      const lines = readFileSync(file, "utf8").trim().split("\n");
      return lines.map((line): unknown => JSON.parse(line));
    },
    open: () => {
      const store = sqlite(join(path, "journal.db"));
      onTestFinished(() => store.close());
      return store;
    },
  };
}

/** The questions of a run once it has parked with this many. */
export async function questionsOf(run: Run, count = 1): Promise<readonly HeldApproval[]> {
  await until(async () => {
    const { status, approvals } = await run.state();
    const open = approvals.filter(({ decision }) => decision === null);
    return status === "parked" && open.length === count;
  });
  return run.approvals();
}

/** The one question of a run. */
export async function questionOf(run: Run): Promise<HeldApproval> {
  const [question] = await questionsOf(run);
  if (question === undefined) throw new Error("nothing is asked");
  return question;
}
