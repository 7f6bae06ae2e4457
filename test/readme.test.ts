import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { startWireServer } from "../src/chaos/wire-server.ts";
import { scriptedModel } from "../src/chaos/scripted-model.ts";

const root = join(import.meta.dirname, "..");
const source = (file: string): string => pathToFileURL(join(root, file)).href;

/** What the example's `./systems.ts` stands for: an order, and a service that counts payments. */
const SYSTEMS = `
const paid = new Map();
export const orders = { find: (id) => ({ id, cents: 4200 }) };
export const payments = {
  refund: (input, key) => { paid.set(key, input); return { id: "r1", paid: paid.size }; },
  findByKey: (key) => paid.get(key),
};
`;

function exampleOf(readme: string): string {
  const [, code] = /```ts\n([\s\S]*?)```/.exec(readme) ?? [];
  if (code === undefined) throw new Error("the README has no example");
  return code;
}

test("the README is short, and its example does what it says", async () => {
  const readme = readFileSync(join(root, "README.md"), "utf8");
  expect(readme.split("\n").length).toBeLessThan(120);
  const order = { orderId: "A-17" };
  const server = await startWireServer({
    models: () =>
      scriptedModel([
        { call: { name: "findOrder", arguments: order } },
        { call: { name: "refund", arguments: { ...order, cents: 4200 } } },
        { text: "Refunded." },
      ]),
  });
  const folder = mkdtempSync(join(tmpdir(), "bridle-readme-"));
  onTestFinished(async () => {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const model = JSON.stringify({ baseURL: server.urlFor("readme"), modelId: "scripted" });
  const code = exampleOf(readme)
    .replace('"openai/gpt-5.2"', model)
    .replace('"bridle"', JSON.stringify(source("src/index.ts")))
    .replace('"bridle/sqlite"', JSON.stringify(source("src/storage/sqlite/door.ts")))
    .replace('"zod"', JSON.stringify(source("node_modules/zod/index.js")))
    .replace("./systems.ts", "./systems.mjs");
  writeFileSync(join(folder, "systems.mjs"), SYSTEMS);
  const end = "\nconsole.log(JSON.stringify(outcome));\nawait bridle.close();\n";
  writeFileSync(join(folder, "example.ts"), code + end);
  const { stdout } = await promisify(execFile)(process.execPath, ["example.ts"], { cwd: folder });
  expect(JSON.parse(stdout)).toMatchObject({
    kind: "succeeded",
    text: "Refunded.",
    receipts: [{ tool: "findOrder" }, { tool: "refund", output: { paid: 1 } }],
  });
}, 30_000);
