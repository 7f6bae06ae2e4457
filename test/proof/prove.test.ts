import { expect, test } from "vitest";
import { prove } from "./proved.ts";

test("prove without a name lists every proof and exits 0", async () => {
  const { code, stdout } = await prove();
  expect(code).toBe(0);
  expect(stdout).toMatch(/^ {2}crash {2,}\S/m);
  expect(stdout).toMatch(/^ {2}race {2,}\S/m);
});

test("the help of a proof shows its options and examples", async () => {
  const { code, stdout } = await prove("crash", "--help");
  expect(code).toBe(0);
  expect(stdout).toContain("--wide N");
  expect(stdout).toContain("npm run prove -- crash --quick");
});

test.each([
  [["crahs"], 'Did you mean "crash"?'],
  [["crash", "--quik"], 'Did you mean "--quick"?'],
  [["crash", "--wide"], "--wide needs a value: --wide N"],
  [["crash", "--wide", "two"], '--wide needs a number, not "two"'],
  [["crash", "--wide", "0"], "--wide needs a whole number from 1 to 64"],
  [["crash", "--json=yes"], "--json takes no value"],
  [["crash", "race"], '"race" is one name too many'],
  [["--quick"], "Name the proof first: "],
])("wrong usage %j exits 2 and says what to do", async (args, advice) => {
  const { code, stdout, stderr } = await prove(...args);
  expect(code).toBe(2);
  expect(stderr).toContain(advice);
  expect(stdout).toBe("");
});
