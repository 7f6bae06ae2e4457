import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const source = (path: string): string =>
  JSON.stringify(new URL(`../../../src/${path}`, import.meta.url).href);

/** Whether a process has Cedar's engine in its memory after this code. */
async function hasCedar(code: string): Promise<unknown> {
  const script = `import { createRequire } from "node:module";
${code}
const loaded = Object.keys(createRequire(import.meta.url).cache);
console.log(JSON.stringify(loaded.some((path) => path.includes("cedar-wasm"))));`;
  const args = ["--input-type=module", "-e", script];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout);
}

test("Cedar's engine is loaded by the first policy, not by the front door", async () => {
  expect(await hasCedar(`await import(${source("index.ts")});`)).toBe(false);
  const load = `const { loadPolicies } = await import(${source("governance/policy/load.ts")});`;
  expect(await hasCedar(load)).toBe(false);
  const text = '@id(\\"a\\") permit (principal, action, resource);';
  const first = `${load}
await loadPolicies({ texts: [{ name: "a", text: "${text}" }] }, { agent: "a", tools: [] }).catch(() => 0);`;
  expect(await hasCedar(first)).toBe(true);
});
