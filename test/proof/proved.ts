/** A proof run as its user runs it: a process of its own, its last line of JSON, its exit code. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { isJsonObject, parseJson, type JsonObject } from "../../src/std/json.ts";

const MAIN = fileURLToPath(new URL("../../proof/main.ts", import.meta.url));

export interface Proved {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export async function prove(...args: readonly string[]): Promise<Proved> {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { code, stdout, stderr };
}

/** The one line that `--json` leaves on stdout of a proof that held. */
export function figuresOf({ code, stdout, stderr }: Proved): JsonObject {
  if (code !== 0) throw new Error(`The proof exited with ${code}: ${stderr}`);
  const lines = stdout.trimEnd().split("\n");
  const parsed = parseJson(lines[0] ?? "");
  if (lines.length === 1 && parsed.ok && isJsonObject(parsed.value)) return parsed.value;
  throw new Error(`Not one line of JSON: ${stdout}\n${stderr}`);
}
