import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { bridle, project, type Setting } from "./command.ts";

const MAIN = join(import.meta.dirname, "../../src/cli/main.ts");
const hasTerminal = spawnSync("script", ["--version"]).status === 0;

/** What a terminal is sent: `script` gives the command one of its own. */
function onTerminal(setting: Setting, env: Readonly<Record<string, string>>): string {
  const command = `"${process.execPath}" "${MAIN}" runs`;
  const { PATH = "" } = process.env;
  const { stdout } = spawnSync("script", ["-qec", command, "/dev/null"], {
    cwd: setting.cwd,
    env: { PATH, TERM: "xterm", ...env },
    encoding: "utf8",
  });
  expect(stdout).toContain("succeeded");
  return stdout;
}

test("a pipe is sent no colours, whatever the environment says", async () => {
  const setting = await project([{ text: "Hi." }]);
  const env = { ...setting.env, NO_COLOR: "", TERM: "xterm-256color", FORCE_COLOR: "1" };
  const ran = await bridle({ ...setting, env }, "run", "--text", "1");
  const shown = await bridle({ ...setting, env }, "show", "0");
  expect(shown.stdout).toContain("succeeded");
  expect(`${ran.stdout}${ran.stderr}${shown.stdout}`).not.toContain("\u001b");
});

test.skipIf(!hasTerminal)("a terminal is sent colours, unless it is asked not to", async () => {
  const setting = await project([{ text: "Hi." }]);
  await bridle(setting, "run", "--text", "1");
  expect(onTerminal(setting, {})).toContain("\u001b[32msucceeded");
  expect(onTerminal(setting, { NO_COLOR: "1" })).not.toContain("\u001b");
  expect(onTerminal(setting, { TERM: "dumb" })).not.toContain("\u001b");
});
