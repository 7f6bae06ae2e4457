import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { ScriptedStep } from "../../src/chaos/door.ts";
import { bridle, errorOf, jsonLines, lookThenPay, project, type Setting } from "./command.ts";

const CONFIG = `
  decide: ({ tool }) =>
    tool === "pay" ? { kind: "ask", rules: ["four-eyes"], question: "May it be paid?" }
      : { kind: "allow", rules: [] },
  people: [
    { id: "ann", delegates: [{ to: "bob", until: "2100-01-01" }] },
    { id: "bob" }, { id: "robot", kind: "agent" },
  ],
`;

interface Waiting {
  readonly setting: Setting;
  readonly runId: string;
  readonly approvalId: string;
}

/** A project whose run waits for somebody to approve its payment. */
async function waiting(steps: readonly ScriptedStep[] = lookThenPay): Promise<Waiting> {
  const setting = await project(steps, { config: CONFIG });
  const ran = await bridle(setting, "run", "--text", "pay W1", "--principal", "cust", "--json");
  expect(ran.code).toBe(7);
  const [row] = jsonLines((await bridle(setting, "approvals", "--json")).stdout);
  return {
    setting,
    runId: String(row?.["runId"]),
    approvalId: String(row?.["approvalId"]),
  };
}

function paid({ cwd }: Setting): number {
  const file = join(cwd, "paid.txt");
  return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n").length : 0;
}

test("a waiting call is shown exactly, approved, and runs once when the run is resumed", async () => {
  const { setting, runId, approvalId } = await waiting();
  const shown = await bridle(setting, "approvals");
  expect(shown).toMatchObject({ code: 0, stderr: "" });
  for (const text of [
    `${approvalId} of run ${runId} (desk), call t2c0`,
    'call     pay {"order":"W1"}',
    "asks     May it be paid? (four-eyes)",
    "votes    0 of 1",
    "who      ann, bob; never cust",
    `bridle approve ${approvalId} --as PERSON`,
  ]) {
    expect(shown.stdout).toContain(text);
  }
  const end = approvalId.slice(-8);
  const approved = await bridle(setting, "approve", end, "--as", "ann", "--reason", "known");
  expect(approved.code).toBe(0);
  expect(approved.stdout).toBe('approve by ann is posted for t2c0 pay {"order":"W1"}\n');
  expect(approved.stderr).toContain(`bridle resume ${runId}`);
  expect(paid(setting)).toBe(0);
  const resumed = await bridle(setting, "resume", runId);
  expect(resumed).toMatchObject({ code: 0, stdout: "Paid back.\n" });
  expect(paid(setting)).toBe(1);
  const none = await bridle(setting, "approvals");
  expect(none).toMatchObject({ code: 0, stdout: "", stderr: "nothing waits for anybody\n" });
  const all = await bridle(setting, "approvals", "--all", "--run", runId.slice(-6));
  expect(all.stdout).toContain("votes    1 of 1: ann says approve (known)");
  expect(all.stdout).toMatch(/ {2}approved 20\d\d-/);
});

test("a denial reaches the model, by a delegate in another's place", async () => {
  const { setting, runId, approvalId } = await waiting();
  const words = ["--reason", "paid yesterday", "--json"];
  const ran = await bridle(setting, "deny", approvalId, "--as", "bob", "--for", "ann", ...words);
  expect(ran.code).toBe(0);
  expect(jsonLines(ran.stdout)).toEqual([
    { runId, approvalId, callId: "t2c0", by: "bob", posted: "deny", hasWorker: false },
  ]);
  await bridle(setting, "resume", runId);
  expect(paid(setting)).toBe(0);
  const story = (await bridle(setting, "show", runId)).stdout;
  expect(story).toContain("bob for ann says deny: paid yesterday");
  expect(story).toContain("Denied: a person said no: paid yesterday");
  const [row] = jsonLines((await bridle(setting, "approvals", "--all", "--json")).stdout);
  expect(row).toMatchObject({ standing: "denied", reason: "paid yesterday" });
});

test("the members of an approval under --json are a promise", async () => {
  const { setting, runId, approvalId } = await waiting();
  const [row] = jsonLines((await bridle(setting, "approvals", "--json")).stdout);
  expect(row).toEqual({
    approvalId,
    runId,
    agent: "desk",
    callId: "t2c0",
    standing: "open",
    tool: "pay",
    input: { order: "W1" },
    callHash: expect.stringMatching(/^[0-9a-f]{64}$/),
    question: "May it be paid?",
    rules: ["four-eyes"],
    resource: null,
    doubtful: [],
    people: ["ann", "bob"],
    quorum: 1,
    requestedBy: ["cust"],
    votes: [],
    reason: null,
    requestedAt: expect.any(Number),
    expiresAt: expect.any(Number),
    settledAt: null,
    warnings: [],
  });
});

test("an edit is checked at once, asked about anew, and not the editor's to approve", async () => {
  const { setting, runId, approvalId } = await waiting();
  const edit = (json: string) =>
    bridle(setting, "approve", approvalId, "--as", "ann", "--json", "--edit", json);
  expect(errorOf(await edit("{order"))).toMatchObject({ code: "input_invalid" });
  expect(errorOf(await edit('"W2"'))).toMatchObject({ code: "input_invalid" });
  const unfit = errorOf(await edit('{"order":2}'));
  expect(unfit.message).toBe('--edit does not fit the tool "pay"');
  expect(unfit.hint).toContain("/order");
  const edited = await edit('{"order":"W2"}');
  expect(edited.code).toBe(0);
  expect(edited.stderr).toContain("asked about anew, of somebody else");
  expect((await bridle(setting, "resume", runId)).code).toBe(7);
  const [row] = jsonLines((await bridle(setting, "approvals", "--json")).stdout);
  expect(row).toMatchObject({ input: { order: "W2" }, people: ["bob"] });
  const next = String(row?.["approvalId"]);
  const own = await bridle(setting, "approve", next, "--as", "ann", "--json");
  expect(errorOf(own)).toMatchObject({
    code: "approval_invalid",
    message: 'The answer does not count: "ann" cannot approve their own request',
  });
  await bridle(setting, "approve", next, "--as", "bob");
  await bridle(setting, "resume", runId);
  expect(paid(setting)).toBe(1);
});

describe("a word that does not count is an error with the next step", () => {
  test("from nobody known, an agent, whoever asked, for the wrong thing", async () => {
    const { setting, runId, approvalId } = await waiting();
    const cases: readonly (readonly [readonly string[], string, string, number])[] = [
      [["approve", approvalId, "--as", "eve"], "approval_invalid", "not a known approver", 1],
      [["approve", approvalId, "--as", "cust"], "approval_invalid", "not a known approver", 1],
      [["approve", approvalId, "--as", "robot"], "approval_invalid", "is no person", 1],
      [["approve", approvalId, "--as", "ann", "--for", "bob"], "approval_invalid", "delegated", 1],
      [["approve", "zzzzzz", "--as", "ann"], "approval_unknown", "No approval", 1],
      [["approve", approvalId.slice(0, 3), "--as", "ann"], "approval_unknown", "No approval", 1],
      [["approve", runId, "--as", "ann"], "approval_unknown", "No approval", 1],
      [["approve", approvalId], "usage", "--as", 2],
      [["deny", approvalId, "--as", "ann"], "usage", "--reason", 2],
    ];
    for (const [args, code, text, exit] of cases) {
      const ran = await bridle(setting, ...args, "--json");
      expect(errorOf(ran)).toMatchObject({ code, hint: expect.stringMatching(/./) });
      expect(errorOf(ran).message).toContain(text);
      expect(ran).toMatchObject({ code: exit, stdout: "" });
    }
    await bridle(setting, "resume", runId);
    expect(paid(setting)).toBe(0);
  }, 30_000);

  test("without a config, or one that names nobody", async () => {
    const { setting, approvalId } = await waiting();
    const bare = { cwd: (await project([])).cwd };
    const store = join(setting.cwd, "bridle.db");
    const args = ["approve", approvalId, "--as", "ann", "--store", store, "--json"];
    expect(errorOf(await bridle(bare, ...args))).toMatchObject({
      code: "approval_invalid",
      message: "The config names nobody who may answer",
    });
    const nowhere = await bridle({ cwd: "/" }, ...args);
    expect(errorOf(nowhere)).toMatchObject({ code: "config_missing" });
  });

  test("what has been answered says so", async () => {
    const { setting, runId, approvalId } = await waiting();
    await bridle(setting, "approve", approvalId, "--as", "ann");
    await bridle(setting, "resume", runId);
    const again = await bridle(setting, "approve", approvalId, "--as", "bob", "--json");
    expect(errorOf(again)).toMatchObject({ code: "approval_invalid" });
    expect(paid(setting)).toBe(1);
  });
});

test("what cannot be seen in the arguments is shown, and warned about", async () => {
  const order = "W1\u202e\u001b[31m p\u0430y";
  const { setting, approvalId } = await waiting([
    { call: { name: "pay", arguments: { order } } },
    { text: "Done." },
  ]);
  const { stdout } = await bridle(setting, "approvals");
  expect(stdout).toContain('pay {"order":"W1\\u202e\\u001b[31m p\\u0430y"}');
  expect(stdout).toContain("warning  /order holds 2 hidden characters");
  expect(stdout).toContain("warning  /order holds letters that look like others");
  expect(stdout).not.toMatch(/[\p{Cf}\u0430]|(?!\n)\p{Cc}/u);
  const ran = await bridle(setting, "approve", approvalId, "--as", "ann");
  expect(ran.stderr).toContain("warning: /order holds 2 hidden characters");
  expect(`${ran.stdout}${ran.stderr}`).not.toMatch(/[\p{Cf}\u0430]|(?!\n)\p{Cc}/u);
});

describe("decline", () => {
  const owed = `obligations: () => [{ id: "pay-W1", what: "pay W1", tool: "pay" }],`;

  test("a person says that an obligation need not be met", async () => {
    const setting = await project([{ text: "Done." }], {
      agent: `${owed} gate: { roundsMax: 0, onUnmet: "escalate" },`,
      config: CONFIG,
    });
    const ran = await bridle(setting, "run", "--text", "go", "--principal", "cust", "--json");
    expect(ran.code).toBe(7);
    const runId = String(jsonLines(ran.stdout)[0]?.["runId"]);
    const decline = (as: string, id = "pay-W1", reason = "called off") =>
      bridle(setting, "decline", runId, id, "--as", as, "--reason", reason, "--json");
    expect(errorOf(await decline("eve"))).toMatchObject({ code: "approval_invalid" });
    expect(errorOf(await decline("ann", "pay-W2"))).toMatchObject({
      code: "usage",
      hint: "It has: pay-W1.",
    });
    expect(errorOf(await decline("ann", "pay-W1", " "))).toMatchObject({
      code: "approval_invalid",
    });
    const declined = await decline("ann");
    expect(jsonLines(declined.stdout)).toEqual([
      { runId, obligationId: "pay-W1", by: "ann", posted: "decline", hasWorker: false },
    ]);
    expect((await bridle(setting, "resume", runId)).code).toBe(0);
    const story = (await bridle(setting, "show", runId)).stdout;
    expect(story).toContain("declined pay-W1 by ann: called off");
  });
});

test("the config's people and approvalMs are checked, and hold in the run", async () => {
  const faults: readonly (readonly [string, string])[] = [
    ["people: { ann: {} },", '"people" is not a list'],
    ["people: [{ name: 'ann' }],", '"people" has nobody with an id at position 1'],
    ["people: [{ id: 'ann' }, { id: 'ann' }],", '"people" has "ann" twice'],
    ["approvalMs: '1h',", '"approvalMs" is no time in ms'],
    ["sealSecret: process.env.NOT_THERE,", '"sealSecret" is missing'],
    ["approvalMs: 0,", '"approvalMs" is no time in ms'],
  ];
  for (const [config, message] of faults) {
    const ran = await bridle(await project([], { config }), "runs", "--json");
    expect(errorOf(ran)).toMatchObject({ code: "config_invalid" });
    expect(errorOf(ran).message).toContain(message);
  }
  const setting = await project(lookThenPay, { config: `${CONFIG} approvalMs: 60_000,` });
  await bridle(setting, "run", "--text", "pay W1");
  const [row] = jsonLines((await bridle(setting, "approvals", "--json")).stdout);
  expect(Number(row?.["expiresAt"]) - Number(row?.["requestedAt"])).toBeLessThanOrEqual(60_000);
});

test("a run that waits for its budget goes on when a person raises it", async () => {
  const setting = await project([{ text: "Done." }], {
    agent: 'maxOutputTokens: 5, budget: { outputTokens: 3, onExhausted: "ask" },',
    config: 'people: [{ id: "ann" }],',
  });
  expect((await bridle(setting, "run", "--text", "go", "--principal", "bob")).code).toBe(7);
  const none = await bridle(setting, "raise", "0", "--as", "ann");
  expect(none.code).toBe(2);
  const own = await bridle(setting, "raise", "0", "--as", "bob", "--output-tokens", "9", "--json");
  expect(own.code).not.toBe(0);
  expect((await bridle(setting, "raise", "0", "--as", "ann", "--output-tokens", "9")).code).toBe(0);
  expect((await bridle(setting, "resume", "0")).code).toBe(0);
});
