import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { inspectPolicies, loadPolicies } from "../../../src/governance/policy/load.ts";
import { isBridleError } from "../../../src/std/error.ts";
import { deskText, loadText, refundOf, setting, tools } from "./desk.ts";

async function refusalOf(text: string): Promise<{ message: string; hint: string }> {
  const thrown: unknown = await loadText(text).then(
    () => new Error("it was armed"),
    (error: unknown) => error,
  );
  if (!isBridleError(thrown, "policy_invalid")) throw thrown;
  return { message: thrown.message, hint: thrown.hint ?? "" };
}

/** The desk with one passage changed; the passage must be there. */
function desk(before: string, after: string): string {
  if (!deskText.includes(before)) throw new Error(`the desk says nowhere ${before}`);
  return deskText.replace(before, after);
}

const PERMIT_ALL = "permit (principal, action, resource);";
const ALLOW = '//@ allow {"tool":"findOrder","input":{}}';

describe("O1: one fault refuses the whole set, with its place and its mend", () => {
  const faults: readonly (readonly [string, string, string, string])[] = [
    ["a syntax error", desk("<= resource.totalCents }", "<= }"), "desk.cedar:10: Cedar cannot", ""],
    [
      "a misspelt attribute",
      desk("context.input.amountCents > 20000", "context.input.amountCent > 20000"),
      'desk.cedar:24: "desk/large": attribute `input.amountCent`',
      "Did you mean `amountCents`?",
    ],
    [
      "a misspelt action",
      desk(
        'action == Action::"refund", resource)\nwhen { principal',
        'action == Action::"refnd", resource)\nwhen { principal',
      ),
      'desk.cedar:9: "desk/refund": unrecognized action',
      'Did you mean `Action::"refund"`?',
    ],
    [
      "an optional member that is not asked for first",
      desk("context.input.amountCents > 20000", 'context.input.note == "x"'),
      "optional attribute `input.note`",
      "has note",
    ],
    [
      "a comparison of text with a number",
      desk("context.input.amountCents > 20000", 'context.input.amountCents == "20000"'),
      "not compatible",
      "compatible types",
    ],
    [
      "a rule that can never match",
      desk('action in Action::"read"', 'action == Action::"read"'),
      'desk.cedar:4: "desk/read" can never match',
      'action in Action::"write"',
    ],
    ["a missing id", desk('@id("desk/read")\n', ""), "desk.cedar:4: a policy has no id", "@id("],
    [
      "a repeated id",
      desk('@id("desk/large")', '@id("desk/read")'),
      'the id "desk/read" is taken by desk.cedar:4',
      "of its own",
    ],
    ["an id of Bridle's own", desk('@id("desk/read")', '@id("bridle/read")'), "Bridle's own", ""],
    [
      "a question in a permit",
      desk('@id("desk/read")', '@id("desk/read") @ask("Sure?")'),
      "is a permit with @ask",
      "Ask in a forbid",
    ],
    [
      "a template",
      `${deskText}\n@id("t") permit (principal == ?principal, action, resource);`,
      "templates have no place",
      "?principal",
    ],
    ["no example", `@id("a") ${PERMIT_ALL}`, "no example of what is allowed", '//@ allow {"tool"'],
    [
      "no example of a denial",
      `@id("a") ${PERMIT_ALL}\n${ALLOW}`,
      "no example of what is denied or asked",
      "//@ deny",
    ],
    [
      "an example that decides otherwise",
      desk('//@ allow {"tool":"findOrder"', '//@ deny {"tool":"findOrder"'),
      'desk.cedar:6: the example says deny, but it is allow by "desk/read"',
      "Mend the policies",
    ],
    [
      "an example decided by another rule",
      desk('"by":"desk/daily-cap"', '"by":"desk/large"'),
      'by "desk/large", but it is deny by "desk/daily-cap"',
      "one rule it names",
    ],
    [
      "a rule no example is decided by",
      `${deskText}\n@id("idle") forbid (principal, action, resource) when { context.untrusted };`,
      'desk.cedar:28: "idle" never matches an example',
      "Add an example",
    ],
    [
      "a permit under a ban of the same scope",
      `${deskText}\n@id("ban") @reason("closed") forbid (principal, action in Action::"write", resource is Order);
@id("under") permit (principal, action == Action::"cancel", resource is Order);`,
      '"under" permits nothing: "ban" forbids all of it',
      'Narrow "ban"',
    ],
    [
      "an example that is no possible call",
      desk('"input":{"orderId":"A-1","amountCents":501}', '"input":{"orderId":"A-1"}'),
      "no possible call: input.amountCents is missing",
      "could happen",
    ],
    [
      "an example of a tool that is not there",
      desk('//@ allow {"tool":"findOrder"', '//@ allow {"tool":"findOder"'),
      '"findOder", which is no tool',
      'Did you mean "findOrder"?',
    ],
    [
      "an example with a member nobody reads",
      desk('"tallies":{"refundedToday":99501}', '"tallies":{"refundToday":99501}'),
      'tallies has "refundToday"',
      'Did you mean "refundedToday"?',
    ],
    ["an unknown directive", `${deskText}\n//@ alow {}`, 'directive "alow {}"', 'mean "allow"'],
    [
      "a tally of a tool that is not there",
      desk("sum_within(refund,", "sum_within(refnd,"),
      'desk.cedar:2: no tool is called "refnd"',
      'Did you mean "refund"?',
    ],
    [
      "a sum of text",
      desk("input.amountCents, 24h", "input.orderId, 24h"),
      "input.orderId of refund is not a number",
      "sum_within",
    ],
    ["a tally without a duration", desk("24h, by", "soon, by"), '"soon" is no duration', "24h"],
    [
      "a condition nested beyond what Cedar's engine survives",
      `${deskText}\n@id("deep") forbid (principal, action, resource)\nwhen { ${"(".repeat(150)}true${")".repeat(150)} };`,
      "desk.cedar:29: over 60 brackets nest",
      "several",
    ],
    [
      "a condition of too many alternatives",
      desk("context.input.amountCents > 20000", Array(201).fill("context.untrusted").join(" || ")),
      "nest over 200 levels",
      "Cut it in two",
    ],
    [
      "a mark that makes a rule read otherwise than it is",
      desk('"clerk")', '"cl\u202eerk")'),
      "desk.cedar:10: a mark reverses the direction",
      "Take it out",
    ],
    [
      "an example that only an error denies",
      `${deskText}\n@id("sum") @reason("x") forbid (principal, action == Action::"cancel", resource)
when { context.input.amountCents * 9007199254740991 * 9007199254740991 > 5 };
//@ deny {"tool":"cancel","input":{"orderId":"A","amountCents":9},"resource":{"attributes":{"totalCents":1,"status":"x"}}}`,
      "desk.cedar:30: the example is denied by an error",
      '"by"',
    ],
    ["a file that holds nothing", "// nothing", "it holds no policy", "guard nothing"],
  ];
  for (const [what, text, message, hint] of faults) {
    test(`${what} is refused`, async () => {
      const refusal = await refusalOf(text);
      expect(refusal.message).toContain(message);
      expect(refusal.hint).toContain(hint);
    });
  }

  test("every fault of a kind is told, not the first alone", async () => {
    const text = desk('@id("desk/read")\n', "").replace('@id("desk/large")\n', "");
    const { set, faults } = await inspectPolicies({ texts: [{ name: "a.cedar", text }] }, setting);
    expect(set).toBeNull();
    expect(faults.map(({ line }) => line)).toEqual([4, 20]);
  });
});

test("a text that Cedar's engine does not survive is refused, and the next one is read", async () => {
  // Few brackets, but so many cases inside each other that its stack ends.
  const deep = "if context.untrusted then true else ".repeat(900);
  const refusal = await refusalOf(
    `@id("deep") permit (principal, action, resource) when { ${deep} true };`,
  );
  expect(refusal.message).toContain("Cedar's engine gives up");
  expect(refusal.hint).toContain("Nest less deeply");
  expect((await loadText(deskText)).decide(refundOf()).verdict).toBe("allow");
});

describe("where policies come from", () => {
  function folder(files: Readonly<Record<string, string>>): string {
    const path = mkdtempSync(join(tmpdir(), "bridle-policy-"));
    onTestFinished(() => rmSync(path, { recursive: true, force: true }));
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(join(path, name, ".."), { recursive: true });
      writeFileSync(join(path, name), text);
    }
    return path;
  }

  test("a glob finds its files, in one order", async () => {
    const cwd = folder({ "rules/b.cedar": deskText, "rules/a.txt": "not a policy" });
    const set = await loadPolicies({ files: ["./rules/*.cedar"], cwd }, setting);
    expect(set.ids).toContain("desk/refund");
    expect(set.hash).toBe((await loadText(deskText)).hash);
  });

  test("a glob that finds nothing is an error", async () => {
    const cwd = folder({ "rules/a.txt": "" });
    await expect(loadPolicies({ files: ["rules/*.cedar"], cwd }, setting)).rejects.toMatchObject({
      code: "policy_invalid",
      message: expect.stringContaining("No policy file matches rules/*.cedar"),
    });
  });

  test("a file that is not there is an error, and so is naming none", async () => {
    const cwd = folder({});
    const named = loadPolicies({ files: ["gone.cedar"], cwd }, setting);
    await expect(named).rejects.toMatchObject({ code: "policy_invalid" });
    await expect(loadPolicies({ files: [], cwd }, setting)).rejects.toThrow("No policy file");
  });
});

describe("O2: the hash is of the texts and the tools", () => {
  test("another text, another tool or another mode has another hash", async () => {
    const base = await loadText(deskText);
    const others = await Promise.all([
      loadText(`${deskText}\n`),
      loadText(deskText, { mode: "observe" }),
      loadText(deskText, { tools: tools.toReversed() }),
    ]);
    expect(new Set([base, ...others].map(({ hash }) => hash)).size).toBe(4);
    expect((await loadText(deskText)).hash).toBe(base.hash);
  });
});

describe("drafts and observing", () => {
  const draft = {
    name: "draft.cedar",
    text: '//@ draft\n@id("no-notes") @reason("no notes") forbid (principal, action == Action::"refund", resource) when { context.input has note };',
  };
  const texts = [{ name: "desk.cedar", text: deskText }, draft];
  const noted = refundOf({ input: { orderId: "A-1", amountCents: 500, note: "x" } });

  test("a draft decides nothing and says what it would have said", async () => {
    const set = await loadPolicies({ texts }, setting);
    expect(set.decide(noted)).toMatchObject({
      verdict: "allow",
      rules: ["desk/refund"],
      shadow: { verdict: "deny", rules: ["no-notes"] },
    });
    expect(set.decide(refundOf())).not.toHaveProperty("shadow");
  });

  test("a set that observes allows everything and says what it would have said", async () => {
    const set = await loadPolicies({ texts }, { ...setting, mode: "observe" });
    const dear = refundOf({ input: { orderId: "A-1", amountCents: 60_000 } });
    expect(set.decide(dear)).toMatchObject({
      verdict: "allow",
      shadow: { verdict: "deny", rules: [] },
    });
    expect(set.decide(refundOf({ input: {} }))).toMatchObject({
      verdict: "allow",
      shadow: { verdict: "deny", rules: [] },
    });
  });
});
