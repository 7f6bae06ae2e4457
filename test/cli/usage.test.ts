import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { bridle, errorOf, folder } from "./command.ts";

const SINGLE =
  "init run runs show resume cancel steer approvals approve deny decline raise budget breakers " +
  "doctor demo chaos";
const COMMANDS = SINGLE.split(" ").concat(
  ["check", "test", "explain", "simulate"].map((name) => `policy ${name}`),
);

describe("the command line", () => {
  test("lists every command and every exit code in its help", async () => {
    const ran = await bridle({ cwd: folder() }, "--help");
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    for (const command of COMMANDS) {
      expect(ran.stdout).toContain(`\n  ${command.split(" ")[0]} `);
    }
    for (const code of [0, 1, 2, 3, 4, 5, 6, 7, 130]) {
      expect(ran.stdout).toMatch(new RegExp(`^  ${code} +\\S`, "m"));
    }
  });

  test.each(COMMANDS)("%s has help with examples and speaks JSON", async (command) => {
    const ran = await bridle({ cwd: folder() }, ...command.split(" "), "--help");
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    expect(ran.stdout).toContain(`Examples:\n  $ bridle ${command}`);
    expect(ran.stdout).toContain("--json");
  });

  test("says its version", async () => {
    const manifest = readFileSync(join(import.meta.dirname, "../../package.json"), "utf8");
    const { version }: { version: string } = JSON.parse(manifest);
    expect((await bridle({ cwd: folder() }, "--version")).stdout).toBe(`${version}\n`);
  });

  test.each([
    [["rnus"], "unknown command 'rnus'", "Did you mean runs?"],
    [["runs", "--jsn"], "unknown option '--jsn'", "Did you mean --json?"],
    [["show"], "missing required argument 'run'", "--help"],
    [["runs", "--status", "done"], "ready, parked, finished", "--help"],
    [["runs", "--limit", "0"], "Give a whole number from 1 to 10000", "--help"],
    [["show", "a", "b"], "too many arguments", "--help"],
  ])("%j is told and exits 2", async (args, message, hint) => {
    const ran = await bridle({ cwd: folder() }, ...args);
    expect(ran).toMatchObject({ code: 2, stdout: "" });
    expect(ran.stderr).toMatch(/^error: /);
    expect(ran.stderr).toContain(message);
    expect(ran.stderr).toContain(hint);
    const told = errorOf(await bridle({ cwd: folder() }, ...args, "--json"));
    expect(told.code).toBe("usage");
  });

  test("without a command prints its help and exits 2", async () => {
    const ran = await bridle({ cwd: folder() });
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain("Usage: bridle");
  });
});
