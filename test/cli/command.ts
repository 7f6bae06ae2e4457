/** The command line as a person runs it: a child process in a folder of its own. */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { ScriptedStep } from "../../src/chaos/door.ts";
import { scriptedModel, startWireServer } from "../../src/chaos/door.ts";

const MAIN = join(import.meta.dirname, "../../src/cli/main.ts");
export const FRONT_DOOR: string = new URL("../../src/index.ts", import.meta.url).href;

/** A new folder with these files, gone after the test. */
export function folder(files: Readonly<Record<string, string>> = {}): string {
  const path = mkdtempSync(join(tmpdir(), "bridle-cli-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  return path;
}

export interface Ran {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ran>;
  /** Resolves when stdout or stderr holds this text. */
  readonly saw: (text: string) => Promise<void>;
  /** What it has written until now. */
  readonly soFar: () => { readonly stdout: string; readonly stderr: string };
}

export interface Setting {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly main?: string;
}

export function start(setting: Setting, ...args: readonly string[]): Running {
  const child = spawn(process.execPath, [setting.main ?? MAIN, ...args], {
    cwd: setting.cwd,
    env: { PATH: process.env["PATH"], NO_COLOR: "1", ...setting.env },
    stdio: "pipe",
  });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  const text = { stdout: "", stderr: "" };
  const waiting: { readonly text: string; readonly resolve: () => void }[] = [];
  const look = (): void => {
    for (const { text: wanted, resolve } of waiting) {
      if (text.stdout.includes(wanted) || text.stderr.includes(wanted)) resolve();
    }
  };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (chunk: string) => {
      text[name] += chunk;
      look();
    });
  }
  child.stdin.end(setting.stdin ?? "");
  const ended = new Promise<Ran>((resolve) => {
    child.on("close", (code, signal) => resolve({ code, signal, ...text }));
  });
  const saw = async (wanted: string): Promise<void> => {
    const seen = new Promise<true>((resolve) => {
      waiting.push({ text: wanted, resolve: () => resolve(true) });
      look();
    });
    const first = await Promise.race([seen, ended]);
    if (first !== true && !`${first.stdout}${first.stderr}`.includes(wanted)) {
      throw new Error(`ended with ${first.code} before "${wanted}":\n${first.stderr}`);
    }
  };
  return { child, ended, saw, soFar: () => ({ ...text }) };
}

export function bridle(setting: Setting, ...args: readonly string[]): Promise<Ran> {
  return start(setting, ...args).ended;
}

/** The lines of `--json` output. */
export function jsonLines(text: string): Record<string, unknown>[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}

/** The one line of JSON that an error is under `--json`. */
export function errorOf(ran: Ran): { code: string; message: string; hint?: string } {
  const [line] = jsonLines(
    ran.stderr
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .join("\n"),
  );
  const error: unknown = line?.["error"];
  if (typeof error !== "object" || error === null) throw new Error(`no error in: ${ran.stderr}`);
  return error as { code: string; message: string; hint?: string };
}

/**
 * A project with one agent "desk" over a real chat server that plays these steps. Its tools:
 * `look` (read), `pay` (once, no reconcile), `send` (undeclared). `pay` writes a line to
 * `paid.txt`; with `GATED` set it then waits until `openGate` lets it return.
 */
export async function project(
  steps: readonly ScriptedStep[],
  more: { readonly agent?: string; readonly config?: string } = {},
): Promise<Setting> {
  const server = await startWireServer({ models: () => scriptedModel(steps) });
  onTestFinished(() => server.close());
  const cwd = folder({ "bridle.config.ts": configText(more), "package.json": '{"type":"module"}' });
  return { cwd, env: { MODEL_URL: server.urlFor("") } };
}

/** The same project, with `pay` held back until the gate is open. */
export function gated(setting: Setting): Setting {
  return { ...setting, env: { ...setting.env, GATED: "1" } };
}

export function openGate(setting: Setting): void {
  writeFileSync(join(setting.cwd, "gate-is-open"), "");
}

function configText(more: { readonly agent?: string; readonly config?: string }): string {
  return `
import { appendFileSync, existsSync } from "node:fs";
import { agent, defineConfig, once, read, tool } from ${JSON.stringify(FRONT_DOOR)};
const inputSchema = { type: "object", properties: { order: { type: "string" } } };
const look = tool({
  description: "looks", inputSchema, effect: read(),
  execute: ({ order }) => ({ order: String(order), cents: 500, seen: process.env.ECHO ?? "" }),
});
const pay = tool({
  description: "pays", inputSchema, effect: once(),
  receipt: (output: any) => ({ id: output.id }),
  execute: async (_input, { idempotencyKey }) => {
    appendFileSync("paid.txt", idempotencyKey + "\\n");
    while (process.env.GATED === "1" && !existsSync("gate-is-open")) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return { id: "pay_1" };
  },
});
const send = tool({ description: "", inputSchema, execute: () => "sent" });
const desk = agent({
  name: "desk",
  model: { baseURL: process.env.MODEL_URL ?? "http://127.0.0.1:9/v1", modelId: "m" },
  instructions: "Help.",
  tools: { look, pay, send },
  ${more.agent ?? ""}
});
export default defineConfig({ agents: [desk], ${more.config ?? ""} });
`;
}

export const lookThenPay: readonly ScriptedStep[] = [
  { text: "I look first.", call: { name: "look", arguments: { order: "W1" } } },
  { call: { name: "pay", arguments: { order: "W1" } } },
  { text: "Paid back." },
];
