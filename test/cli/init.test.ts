/** What `bridle init` writes is run as its user would: against the compiled package, by its name. */
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bridle, errorOf, folder, jsonLines, start, type Setting } from "./command.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../..");
const tsc = join(root, "node_modules/.bin/tsc");
const home = mkdtempSync(join(tmpdir(), "bridle-package-"));
const main = join(home, "dist/cli/main.js");

beforeAll(async () => {
  await run(tsc, ["-p", join(root, "tsconfig.build.json"), "--outDir", join(home, "dist")]);
  cpSync(join(root, "package.json"), join(home, "package.json"));
  symlinkSync(join(root, "node_modules"), join(home, "node_modules"));
}, 60_000);

afterAll(() => rmSync(home, { recursive: true, force: true }));

/** A starter with the package linked in, as `npm install` would. */
async function starter(): Promise<Setting> {
  const parent = folder();
  const made = await bridle({ cwd: parent, main }, "init", "desk");
  expect(made.code).toBe(0);
  const cwd = join(parent, "desk");
  mkdirSync(join(cwd, "node_modules"));
  symlinkSync(home, join(cwd, "node_modules/bridle"));
  return { cwd, main };
}

describe("bridle init", () => {
  test("makes a project that runs at once, says it is simulated, and is sound", async () => {
    const setting = await starter();
    const work = "Please refund order A-1001.";
    const ran = await bridle(setting, "run", "refund-desk", "--text", work);
    expect(ran).toMatchObject({ code: 0, stdout: "Order A-1001 was refunded: 42.00 USD.\n" });
    expect(ran.stderr).toContain("the model is simulated");
    const payments = readFileSync(join(setting.cwd, "payments.jsonl"), "utf8");
    expect(jsonLines(payments)).toMatchObject([{ orderId: "A-1001", cents: 4200 }]);
    const doctor = await bridle(setting, "doctor", "--json");
    expect(jsonLines(doctor.stdout)[0]).toMatchObject({ ok: true });
    expect(doctor.stdout).toContain("chaos/scripted is simulated");
  });

  test("makes a project whose refund is not paid twice when its worker is killed", async () => {
    const setting = await starter();
    const running = start(setting, "run", "--text", "Refund A-1001.", "--key", "t1");
    await running.saw("claimed as once");
    running.child.kill("SIGKILL");
    await running.ended;
    const resumed = await bridle(setting, "run", "--text", "Refund A-1001.", "--key", "t1");
    expect(resumed.code).toBe(0);
    const payments = readFileSync(join(setting.cwd, "payments.jsonl"), "utf8");
    expect(jsonLines(payments)).toHaveLength(1);
  });

  test("makes a project that type-checks strictly", async () => {
    const { cwd } = await starter();
    const options = {
      strict: true,
      // The AI SDK's own declarations name types it does not bring along.
      skipLibCheck: true,
      noEmit: true,
      module: "nodenext",
      target: "es2024",
      allowImportingTsExtensions: true,
      erasableSyntaxOnly: true,
      types: ["node"],
      typeRoots: [join(root, "node_modules/@types")],
    };
    writeFileSync(join(cwd, "tsconfig.json"), JSON.stringify({ compilerOptions: options }));
    const checked = await run(tsc, ["-p", cwd]).catch((failed: { stdout: string }) => failed);
    expect(checked.stdout).toBe("");
  });

  test("depends on this very package, so that no stranger's is installed", async () => {
    const { cwd } = await starter();
    const manifest = JSON.parse(readFileSync(join(cwd, "package.json"), "utf8"));
    expect(manifest).toMatchObject({ name: "desk", dependencies: { bridle: `file:${home}` } });
  });

  test("takes an empty folder and lists what it wrote", async () => {
    const cwd = folder();
    const made = await bridle({ cwd }, "init", "--json");
    expect(made.code).toBe(0);
    const [told] = jsonLines(made.stdout);
    expect(told?.["files"]).toContain("bridle.config.ts");
    expect(told?.["files"]).toHaveLength(readdirSync(cwd).length);
    expect(told?.["files"]).toEqual(expect.arrayContaining(readdirSync(cwd)));
  });

  test("writes nothing into a folder that holds something, or over a file", async () => {
    const cwd = folder({ "notes.txt": "mine" });
    for (const target of [".", "notes.txt"]) {
      const refused = await bridle({ cwd }, "init", target, "--json");
      expect(refused.code).toBe(2);
      expect(errorOf(refused)).toMatchObject({ code: "usage", hint: expect.any(String) });
    }
    expect(readdirSync(cwd)).toEqual(["notes.txt"]);
    expect(readFileSync(join(cwd, "notes.txt"), "utf8")).toBe("mine");
  });
});
