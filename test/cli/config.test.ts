import { writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, test } from "vitest";
import { bridle, errorOf, folder, FRONT_DOOR, project } from "./command.ts";

const DOOR = `import { agent, defineConfig } from ${JSON.stringify(FRONT_DOOR)};\n`;

describe("a config that cannot be used is told with its place and the next step", () => {
  test("no config at all", async () => {
    const ran = await bridle({ cwd: folder() }, "run", "desk", "--text", "hi");
    expect(ran).toMatchObject({ code: 1, stdout: "" });
    expect(ran.stderr).toMatch(/^error: There is no bridle.config.ts in .*\nhint: .*bridle init/);
  });

  test("a config that was named and is not there", async () => {
    const setting = { cwd: folder() };
    const ran = await bridle(setting, "runs", "--config", "other.ts", "--json");
    expect(errorOf(ran)).toMatchObject({ code: "config_missing" });
  });

  test.each([
    [
      "throws",
      "function load(): never {\n  throw new Error('the rates are not there');\n}\nload();",
      ["the rates are not there", "bridle.config.ts:2:9"],
    ],
    [
      "is no TypeScript",
      "const a: number = 1;\nexport default { a\nb c };",
      ["bridle.config.ts:3"],
    ],
    ["has an enum", "enum Kind { A }\nexport default Kind;", ["enum", "union in place of an enum"]],
    [
      "misses a package",
      'import x from "not-there";\nexport default x;',
      ["not-there", "npm install"],
    ],
    ["exports nothing", "const config = {};\nvoid config;", ["no default export", "defineConfig"]],
    ["exports undefined", "export default undefined;", ["no default export"]],
    ["exports a list", "export default [];", ["exports a list"]],
    ["exports a function", "export default () => 1;", ["exports a function"]],
    ["has no agents", "export default {};", ['"agents" is missing']],
    ["has an empty list of agents", "export default { agents: [] };", ['"agents" is empty']],
    ["has agents by name", "export default { agents: { a: 1 } };", ['"agents" is not a list']],
    ["has an agent without a name", "export default { agents: [{}] };", ["at position 1"]],
    [
      "has two agents of one name",
      'const a = { name: "desk" };\nexport default { agents: [a, a] };',
      ['two agents named "desk"'],
    ],
    [
      "misspells a setting",
      'export default { agents: [{ name: "a" }], stroe: "x.db" };',
      ['"stroe" is no setting', 'Did you mean "store"'],
    ],
    [
      "has a store of another kind",
      'export default { agents: [{ name: "a" }], store: 7 };',
      ['"store" is neither a path nor an open store'],
    ],
    [
      "has a decision point that cannot decide",
      'export default { agents: [{ name: "a" }], decide: true };',
      ['"decide" is not a function'],
    ],
  ])("a config that %s", async (_what, text, words) => {
    const cwd = folder({ "bridle.config.ts": text, "package.json": '{"type":"module"}' });
    const ran = await bridle({ cwd }, "run", "desk", "--text", "hi", "--json");
    expect(ran).toMatchObject({ code: 1, stdout: "" });
    const { code, message, hint } = errorOf(ran);
    expect(code).toBe("config_invalid");
    expect(hint).toBeTypeOf("string");
    for (const word of words) expect(`${message} ${hint}`).toContain(word);
    expect(ran.stderr).not.toContain("    at ");
  });

  test("a stack trace appears with BRIDLE_DEBUG=1 alone", async () => {
    const cwd = folder({ "bridle.config.mjs": "throw new Error('boom');" });
    const ran = await bridle({ cwd, env: { BRIDLE_DEBUG: "1" } }, "run", "--text", "hi");
    expect(ran.stderr).toContain("    at ");
    const plain = await bridle({ cwd }, "run", "--text", "hi");
    expect(plain.stderr).not.toContain("    at ");
  });

  test("a config that waits for ever is no silent success", async () => {
    const cwd = folder({ "bridle.config.mjs": "await new Promise(() => {});\nexport default {};" });
    const ran = await bridle({ cwd }, "run", "--text", "hi");
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain("came to no end");
  });
});

describe("an agent that cannot be used is told before any run is made", () => {
  test.each([
    [
      "a tool without a schema",
      "tools: { look: { execute: () => 1 } }",
      "tool_invalid",
      "inputSchema",
    ],
    [
      "a tool with an invalid schema",
      'tools: { look: { inputSchema: { type: "objekt" }, execute: () => 1 } }',
      "tool_invalid",
      "not valid",
    ],
    [
      "a tool that cannot run",
      "tools: { look: { inputSchema: {} } }",
      "tool_invalid",
      "no execute function",
    ],
    [
      "two tools of one name",
      "tools: { look: { inputSchema: {}, execute: () => 1 }, Look: { inputSchema: {}, execute: () => 1 } }",
      "tool_invalid",
      "Two tools of one name",
    ],
    ["a limit of nothing", "limits: { turnsMax: 0 }", "limit_invalid", "turnsMax is 0"],
    ["no instructions", "instructions: undefined as any", "agent_invalid", "no instructions"],
  ])("%s", async (...[, agent, code, words]) => {
    const setting = await project([], { agent: `${agent},` });
    const ran = await bridle(setting, "run", "--text", "hi", "--json");
    const error = errorOf(ran);
    expect(error).toMatchObject({ code });
    expect(`${error.message} ${error.hint}`).toContain(words);
    expect(jsonOf((await bridle(setting, "runs", "--json")).stdout)).toEqual([]);
  });
});

function jsonOf(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}

test("experimental warnings of Node's own parts are kept quiet, others are not", async () => {
  const warnings = `
    process.emitWarning("SQLite is an experimental feature and may change", "ExperimentalWarning");
    process.emitWarning("mind the gap");`;
  const cwd = folder({ "bridle.config.mjs": `${warnings}\nthrow new Error("end");` });
  const { stderr } = await bridle({ cwd }, "run", "--text", "hi");
  expect(stderr).toContain("mind the gap");
  expect(stderr).not.toContain("SQLite");
});

test("a store may be named relative to the config, from any folder", async () => {
  const cwd = folder({ "package.json": '{"type":"module"}' });
  const text = `${DOOR}export default defineConfig({ store: "./my.db",
    agents: [agent({ name: "a", model: "x/y", instructions: "" })] });`;
  writeFileSync(join(cwd, "bridle.config.ts"), text);
  const elsewhere = folder();
  const ran = await bridle({ cwd: elsewhere }, "runs", "--config", join(cwd, "bridle.config.ts"));
  expect(ran.code).toBe(1);
  expect(ran.stderr).toContain(join(basename(cwd), "my.db"));
});
