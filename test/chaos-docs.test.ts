/** What docs/chaos.md tells a stranger to type does what it says. */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { killPoints, parseFaultSpec, toolFaults, wireFaults } from "../src/chaos/door.ts";

const root = join(import.meta.dirname, "..");
const page = readFileSync(join(root, "docs/chaos.md"), "utf8");
const run = promisify(execFile);

/** The blocks of one language, in order. */
function blocks(language: string): readonly string[] {
  const fences = page.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, "g"));
  return [...fences].map(([, code = ""]) => code);
}

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "bridle-docs-"));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

const commands = blocks("sh")
  .flatMap((block) => block.split("\n"))
  .filter((line) => line.startsWith("npx bridle "))
  .map((line) => line.replace(/ +#.*$/, ""));

/** As a shell takes it apart; the page quotes with double quotes alone. */
function words(command: string): readonly string[] {
  const parts = command.replace("npx bridle ", "").match(/"[^"]*"|\S+/g) ?? [];
  return parts.map((part) => part.replaceAll('"', ""));
}

test("the page is short and has commands", () => {
  expect(page.split("\n").length).toBeLessThanOrEqual(121);
  expect(commands.length).toBeGreaterThanOrEqual(7);
});

test.each(commands)("%s serves, ends, and says what the page says", async (command) => {
  const cwd = folder();
  writeFileSync(join(cwd, "script.json"), blocks("json")[0] ?? "");
  const isList = command.includes("--list");
  // Any free port: the page's own may be taken here.
  const ending = isList ? [] : ["--for", "0.2", "--port", "0"];
  const args = [join(root, "src/cli/main.ts"), ...words(command), ...ending];
  const { stdout, stderr } = await run(process.execPath, args, { cwd });
  expect(stderr).toBe("");
  expect(stdout).toMatch(isList ? /^ {2}overloaded /m : /0 requests|"requests":0/);
});

test("names faults, points and profiles that there are", () => {
  const [, table = ""] = /## Which faults, and when\n([\s\S]*?)\n`--profile/.exec(page) ?? [];
  const specs = [...table.matchAll(/^\| `([^`]+)`/gm)].map(([, spec = ""]) => spec);
  expect(specs.length).toBeGreaterThanOrEqual(6);
  for (const spec of specs) expect(() => parseFaultSpec(spec)).not.toThrow();
  for (const point of killPoints) expect(page).toContain(`\`${point}\``);
  const known = new Set([...wireFaults, ...toolFaults].map(({ name }) => name));
  const [, rows = ""] = /```\nfault +injected[^\n]*\n([\s\S]*?)```/.exec(page) ?? [];
  const shown = rows
    .split("\n")
    .flatMap((row) => row.split(" ", 1))
    .filter(Boolean);
  expect(shown.length).toBeGreaterThan(2);
  expect(shown.filter((name) => !known.has(name))).toEqual([]);
});

test("its code runs as it stands", async () => {
  const cwd = folder();
  const [stored = "", tested = ""] = blocks("ts");
  const door = (file: string): string => JSON.stringify(pathToFileURL(join(root, file)).href);
  const real = (code: string): string =>
    code
      .replace('"bridle/chaos"', door("src/chaos/door.ts"))
      .replace('"bridle/sqlite"', door("src/storage/sqlite/door.ts"));
  const agent = `
const asked = [];
async function runMyAgent(baseUrl) {
  const body = JSON.stringify({ model: "m", messages: [{ role: "user", content: "Hi" }] });
  while (asked.at(-1) !== 200) {
    if (asked.length > 0) await new Promise((resolve) => setTimeout(resolve, 250));
    asked.push((await fetch(baseUrl + "/chat/completions", { method: "POST", body })).status);
  }
}
`;
  writeFileSync(join(cwd, "tested.ts"), `${agent}${real(tested)}console.log(asked.join());\n`);
  expect((await run(process.execPath, ["tested.ts"], { cwd })).stdout).toMatch(
    /^429,(\d+,)*200\n$/,
  );
  const told = "console.log(store.durability); await store.close();\n";
  writeFileSync(join(cwd, "stored.ts"), `${real(stored)}${told}`);
  expect((await run(process.execPath, ["stored.ts"], { cwd })).stdout).not.toBe("");
});
