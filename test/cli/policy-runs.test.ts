import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { bridle, errorOf, jsonLines, lookThenPay, project, type Setting } from "./command.ts";

const policy = `@id("look") permit (principal, action in Action::"read", resource);
@id("pay") permit (principal, action == Action::"pay", resource);
@id("not-w2") @reason("W2 is under investigation.")
forbid (principal, action == Action::"pay", resource)
when { context.input has order && context.input.order == "W2" };
//@ allow {"tool":"look","input":{"order":"W1"}}
//@ allow {"tool":"pay","input":{"order":"W1"}}
//@ deny {"tool":"pay","input":{"order":"W2"}}
`;

async function desk(): Promise<Setting> {
  const pays = ["W1", "W2"].map((order) => ({ call: { name: "pay", arguments: { order } } }));
  const setting = await project([...lookThenPay.slice(0, 1), ...pays, { text: "Done." }], {
    agent: 'policies: "./policies/*.cedar",',
  });
  mkdirSync(join(setting.cwd, "policies"));
  writeFileSync(join(setting.cwd, "policies/desk.cedar"), policy);
  return setting;
}

describe("bridle policy explain", () => {
  test("says why a call was refused, in words and with the values", async () => {
    const setting = await desk();
    expect((await bridle(setting, "run", "--text", "go")).code).toBe(0);
    const { code, stdout } = await bridle(setting, "policy", "explain", "0");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^t3c0 {2}pay \{"order":"W2"\}$/m);
    expect(stdout).toMatch(/refused, by not-w2/);
    expect(stdout).toContain("W2 is under investigation.");
    expect(stdout).toContain("policies/desk.cedar:3");
    const told = jsonLines((await bridle(setting, "policy", "explain", "0", "--json")).stdout);
    expect(told).toMatchObject([{ callId: "t3c0", was: "refused", rules: ["not-w2"] }]);
  });

  test("explains an allowed call when it is named, and knows the calls there are", async () => {
    const setting = await desk();
    await bridle(setting, "run", "--text", "go");
    const { stdout } = await bridle(setting, "policy", "explain", "0", "t2c0");
    expect(stdout).toMatch(/ran, by pay/);
    const wrong = await bridle(setting, "policy", "explain", "0", "t9c9", "--json");
    expect(wrong.code).toBe(2);
    expect(errorOf(wrong).hint).toContain("t1c0, t2c0, t3c0");
  });
});

describe("bridle policy simulate", () => {
  test("tells what other policies would have stopped in passing and failing runs", async () => {
    const setting = await desk();
    await bridle(setting, "run", "--text", "go");
    const stricter = policy.replaceAll('"W2"', '"W1"').replaceAll('\\"W2\\"', '\\"W1\\"');
    const swapped = stricter.replace(
      '//@ allow {"tool":"pay","input":{"order":"W1"}}',
      '//@ allow {"tool":"pay","input":{"order":"W3"}}',
    );
    writeFileSync(join(setting.cwd, "stricter.cedar"), swapped);
    const ran = await bridle(setting, "policy", "simulate", "stricter.cedar");
    expect(ran.stderr).toBe("");
    expect(ran.code).toBe(0);
    expect(ran.stdout).toContain("3 decisions of 0 failing and 1 passing runs");
    expect(ran.stdout).toMatch(/would have been stopped: +0 in failing runs, 1 in passing runs/);
    expect(ran.stdout).toMatch(/no longer be held up: +0 in failing runs, 1 in passing runs/);
    const json = await bridle(setting, "policy", "simulate", "stricter.cedar", "--json");
    expect(jsonLines(json.stdout)).toMatchObject([
      { agent: "desk", calls: 3, stopped: { passing: 1, failing: 0 }, released: { passing: 1 } },
    ]);
  });

  test("refuses policies with a mistake, and a journal without runs", async () => {
    const setting = await desk();
    writeFileSync(join(setting.cwd, "bad.cedar"), policy.replace('Action::"pay"', 'Action::"pya"'));
    expect((await bridle(setting, "policy", "simulate", "bad.cedar")).code).toBe(1);
    const none = await bridle(setting, "policy", "simulate", "--json");
    expect(none.code).not.toBe(0);
    expect(errorOf(none).hint).toBeDefined();
  });
});
