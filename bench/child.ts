/** Runs one measurement in a process of its own and reads its last line. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

export interface ChildResult {
  readonly ok: boolean;
  readonly row: Readonly<Record<string, unknown>>;
  readonly error: string;
}

/** No measurement may take longer, ms. */
const TIMEOUT_MS = 180_000;

/** Runs the stripped `file` (see strip.ts) with `args` in an empty folder of its own that is deleted afterwards. */
export async function runChild(file: string, args: readonly string[]): Promise<ChildResult> {
  const dir = mkdtempSync(path.join(tmpdir(), "bridle-bench-"));
  const script = path.join(import.meta.dirname, file.replace(/\.ts$/, ".js"));
  try {
    return await new Promise((resolve) => {
      const child = spawn(process.execPath, [script, "--dir", dir, ...args], {
        stdio: ["ignore", "pipe", "pipe"],
        timeout: TIMEOUT_MS,
        killSignal: "SIGKILL",
      });
      let out = "";
      let err = "";
      child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
      child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
      child.on("close", (code) => resolve(readResult(code, out, err)));
    });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function readResult(code: number | null, out: string, err: string): ChildResult {
  const line = out.trimEnd().split("\n").at(-1) ?? "";
  try {
    const row: unknown = JSON.parse(line);
    if (code === 0 && typeof row === "object" && row !== null) {
      return { ok: true, row: Object.fromEntries(Object.entries(row)), error: "" };
    }
  } catch {
    // Not a result: what the child said on stderr is the error.
  }
  const reason = err.trim().split("\n").at(-1) ?? "";
  return { ok: false, row: {}, error: `exit ${code ?? "by signal"}: ${reason}` };
}
