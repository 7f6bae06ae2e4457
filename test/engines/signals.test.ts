import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { agent, harness } from "../../src/index.ts";
import { sqlite } from "../../src/storage/sqlite/door.ts";

/** A service of one's own: it serves a journal until it is told to stop. */
const SERVICE = `
  import { agent, drainOnSignals, harness, read, tool } from "${source("index.ts")}";
  import { sqlite } from "${source("storage/sqlite/door.ts")}";
  import { scriptedModel, servedModel } from "${source("chaos/door.ts")}";
  const wait = tool({ inputSchema: {}, effect: read(), execute: async () => {
    console.log("working");
    await new Promise((resolve) => setTimeout(resolve, 400));
    return "waited";
  } });
  const model = servedModel(scriptedModel([{ call: { name: "wait" } }, { text: "done" }]));
  const desk = agent({ name: "desk", model, instructions: "", tools: { wait } });
  const service = await harness({ agents: [desk], store: sqlite(process.argv[1]) });
  drainOnSignals(service, { onSignal: (signal) => console.log("stopping on " + signal) });
  await service.start("desk", { input: "go" });
`;

function source(path: string): string {
  return new URL(`../../src/${path}`, import.meta.url).href;
}

test("a service drains on SIGTERM and leaves its run ready for the next one", async () => {
  const folder = mkdtempSync(join(tmpdir(), "bridle-signals-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const journal = join(folder, "bridle.db");
  const args = ["--input-type=module", "-e", SERVICE, journal];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (said += chunk));
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    said += chunk;
    if (chunk.includes("working")) child.kill("SIGTERM");
  });
  const code = await new Promise((resolve) => {
    child.on("close", resolve);
  });
  expect(said).toBe("working\nstopping on SIGTERM\n");
  expect(code).toBe(0);

  const store = sqlite(journal);
  const model = { baseURL: "http://127.0.0.1:9/v1", modelId: "m" };
  const desk = agent({ name: "desk", model, instructions: "" });
  const next = await harness({ agents: [desk], store, work: false });
  const [row] = await next.runs();
  expect(row).toMatchObject({ status: "ready", lease: null });
  const run = await next.run(row?.runId ?? "");
  const events = await run.events();
  expect(events.at(-1)).toMatchObject({ kind: "call.completed", output: "waited" });
  await next.close();
});
