import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { bridle, errorOf, jsonLines, project, type Setting } from "./command.ts";

const good = `@id("look") permit (principal, action in Action::"read", resource);
@id("pay") permit (principal, action == Action::"pay", resource)
when { principal.roles.contains("clerk") && context.input has order };
//@ allow {"tool":"look","input":{"order":"W1"}}
//@ allow {"tool":"pay","input":{"order":"W1"},"user":{"roles":["clerk"]}}
//@ deny {"tool":"pay","input":{"order":"W1"}}
`;

async function desk(text: string, agent = 'policies: "./policies/*.cedar",'): Promise<Setting> {
  const setting = await project([], { agent });
  mkdirSync(join(setting.cwd, "policies"));
  writeFileSync(join(setting.cwd, "policies/desk.cedar"), text);
  return setting;
}

test("policy check says what would be armed, by agent and file", async () => {
  const setting = await desk(good);
  const ran = await bridle(setting, "policy", "check");
  expect(ran.code).toBe(0);
  expect(ran.stdout).toContain("agent desk");
  expect(ran.stdout).toContain("policies/desk.cedar: 2 rules, 3 examples");
  expect(ran.stdout).toContain("would be armed, hash ");
  const [told] = jsonLines((await bridle(setting, "policy", "check", "--json")).stdout);
  expect(told).toMatchObject({
    agent: "desk",
    ok: true,
    files: [{ file: "policies/desk.cedar", rules: 2, examples: 3, draft: false }],
    faults: [],
  });
});

test("policy check exits 1 and shows the place and the mend", async () => {
  const setting = await desk(good.replace("context.input has order", "context.input has ordr"));
  const ran = await bridle(setting, "policy", "check");
  expect(ran.code).toBe(1);
  expect(ran.stdout).toContain('× policies/desk.cedar:2  "pay" can never match');
  expect(ran.stdout).toContain("refused, ");
  const [told] = jsonLines((await bridle(setting, "policy", "check", "--json")).stdout);
  expect(told).toMatchObject({ ok: false, hash: null });
});

test("policy check lists what policies cannot see", async () => {
  const more = `tools: { look: tool({ description: "looks", effect: read(), execute: () => 1,
    inputSchema: { type: "object", properties: { any: {}, order: { type: "string" } } } }) },
    policies: ["./policies/desk.cedar"],`;
  const text = good
    .split("\n")
    .filter((line) => !/pay|clerk/.test(line))
    .join("\n")
    .concat(
      '//@ deny {"tool":"look","user":{"tenant":"a"},"input":{},"untrusted":true,"by":"no"}\n',
    )
    .concat('@id("no") forbid (principal, action, resource) when { context.untrusted };');
  const ran = await bridle(await desk(text, more), "policy", "check");
  expect(ran.stdout).toContain("look: input.any: its schema names no type");
  expect(ran.stdout).toContain('! policies/desk.cedar:4  "no" forbids without a reason');
  expect(ran.code).toBe(0);
});

test("policy test reports the wrong rules that no example notices", async () => {
  const setting = await desk(good);
  const ran = await bridle(setting, "policy", "test");
  expect(ran.code).toBe(0);
  expect(ran.stdout).toContain("3 examples decided as they say");
  expect(ran.stdout).toMatch(/\d+ of \d+ wrong rules are noticed: [\d.]+ %/);
  expect(ran.stdout).toContain('no example notices when "pay" drops the conjunct right of &&');
  const [told] = jsonLines((await bridle(setting, "policy", "test", "--json")).stdout);
  expect(told).toMatchObject({ agent: "desk", ok: true, examples: 3 });
  expect(Number(told?.["killed"])).toBeGreaterThan(0);
  expect(Number(told?.["killed"])).toBeLessThan(Number(told?.["mutants"]));
});

test("policy test exits 1 below the score that is asked for", async () => {
  const setting = await desk(good);
  expect((await bridle(setting, "policy", "test", "--score", "100")).code).toBe(1);
  expect((await bridle(setting, "policy", "test", "--score", "10")).code).toBe(0);
  expect((await bridle(setting, "policy", "test", "--score", "many")).code).toBe(2);
});

test("policy test exits 1 when an example fails", async () => {
  const ran = await bridle(
    await desk(good.replace('"user":{"roles":["clerk"]}', '"user":{}')),
    "policy",
    "test",
  );
  expect(ran.code).toBe(1);
  expect(ran.stdout).toContain("the example says allow, but it is deny by no rule allows this");
});

test("files named on the command line are held against every agent", async () => {
  const setting = await desk(good, "");
  const none = await bridle(setting, "policy", "check", "--json");
  expect(none.code).toBe(1);
  expect(errorOf(none)).toMatchObject({
    code: "config_invalid",
    hint: expect.stringContaining("policies:"),
  });
  expect((await bridle(setting, "policy", "check", "policies/*.cedar")).code).toBe(0);
  const gone = await bridle(setting, "policy", "check", "rules/*.cedar", "--json");
  expect(gone.code).toBe(1);
  expect(errorOf(gone)).toMatchObject({ code: "policy_invalid" });
  const named = await bridle(setting, "policy", "check", "--agent", "dsk", "--json");
  expect(errorOf(named)).toMatchObject({ code: "agent_unknown", hint: 'Did you mean "desk"?' });
});
