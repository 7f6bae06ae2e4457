import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { agent, harness } from "../../src/index.ts";
import { sqlite } from "../../src/storage/sqlite/door.ts";
import { bridle, errorOf, folder, jsonLines, lookThenPay, project } from "./command.ts";

const run = promisify(execFile);
const MAIN = join(import.meta.dirname, "../../src/cli/main.ts");

/** A journal with this many runs that nobody has begun. */
async function journalWith(count: number): Promise<string> {
  const cwd = folder();
  const store = sqlite(join(cwd, "bridle.db"));
  const model = { baseURL: "http://127.0.0.1:9/v1", modelId: "m" };
  const desk = agent({ name: "desk", model, instructions: "" });
  const bridle = await harness({ agents: [desk], store, work: false });
  const starts = Array.from({ length: count }, (_, n) => bridle.start("desk", { input: n }));
  await Promise.all(starts);
  await bridle.close();
  return cwd;
}

test("lists runs as a table and as JSON lines, newest first, filtered", async () => {
  const setting = await project(lookThenPay);
  await bridle(setting, "run", "--text", "one");
  const left = (await bridle(setting, "run", "--text", "two", "--detach")).stdout.trim();
  const table = (await bridle(setting, "runs")).stdout.trim().split("\n");
  expect(table).toHaveLength(3);
  expect(table[0]).toMatch(/^RUN +AGENT +STATE +EVENTS +TOOK +STARTED$/);
  expect(table[1]).toContain(`${left}  desk   waiting`);
  expect(table[2]).toContain("succeeded");
  const rows = jsonLines((await bridle(setting, "runs", "--json")).stdout);
  expect(rows.map((row) => row["standing"])).toEqual(["waiting", "succeeded"]);
  expect(Object.keys(rows[0] ?? {})).toEqual(
    ["runId", "agent", "standing", "status", "outcome", "events", "worker"].concat([
      "wakeAt",
      "createdAt",
      "updatedAt",
    ]),
  );
  const filters: [string[], string[]][] = [
    [["--status", "ready"], ["waiting"]],
    [["--outcome", "succeeded"], ["succeeded"]],
    [["--agent", "desk", "--limit", "1"], ["waiting"]],
    [["--outcome", "expired"], []],
  ];
  for (const [args, standings] of filters) {
    const ran = await bridle(setting, "runs", "--json", ...args);
    expect(jsonLines(ran.stdout).map((row) => row["standing"])).toEqual(standings);
    expect(ran.code).toBe(0);
  }
});

test("an agent that no run has is answered with the near names", async () => {
  const cwd = await journalWith(1);
  const ran = await bridle({ cwd }, "runs", "--agent", "dask", "--json");
  expect(errorOf(ran)).toMatchObject({ code: "agent_unknown", hint: 'Did you mean "desk"?' });
});

test("an empty list is nothing on stdout and a word on stderr", async () => {
  const cwd = await journalWith(0);
  const ran = await bridle({ cwd }, "runs");
  expect(ran).toMatchObject({ code: 0, stdout: "" });
  expect(ran.stderr).toContain("no runs yet");
});

test("a reader that has seen enough ends it quietly", async () => {
  const cwd = await journalWith(3_000);
  const pipe = `set -o pipefail; "$0" "$1" runs --json --limit 10000 | head -2; echo "code $?"`;
  const { stdout, stderr } = await run("bash", ["-c", pipe, process.execPath, MAIN], { cwd });
  const lines = stdout.trim().split("\n");
  expect(lines).toHaveLength(3);
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({ agent: "desk", standing: "waiting" });
  expect(lines[2]).toBe("code 0");
  expect(stderr).toBe("");
});

test("all of a long list gets through a pipe", async () => {
  const cwd = await journalWith(3_000);
  const ran = await bridle({ cwd }, "runs", "--json", "--limit", "10000");
  const ids = new Set(jsonLines(ran.stdout).map((row) => row["runId"]));
  expect(ids.size).toBe(3_000);
});
