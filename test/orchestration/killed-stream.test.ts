import { fork } from "node:child_process";
import { once as onceEvent } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { faultPlan, scriptedModel, type ExchangeRecord } from "../../src/chaos/door.ts";
import { sqlite } from "../../src/storage/sqlite/door.ts";
import { serve } from "../chaos/served.ts";
import { streamingAgent } from "./streaming-agent.ts";
import { eventsOf, until, wholeJournal, worldOf } from "./world.ts";

const last = "All is paid, and this is the whole of what there is to say about it.";

/** Starts the run in a process of its own and kills that once `text` has been shown. */
async function killInStream(path: string, baseURL: string): Promise<string> {
  const script = join(import.meta.dirname, "streaming-victim.ts");
  const child = fork(script, [path, baseURL], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  let [runId, shown] = ["", ""];
  child.on("message", (message) => {
    const [kind, ...words] = typeof message === "string" ? message.split(" ") : [];
    if (kind === "run") runId = words.join(" ");
    else shown += words.join(" ");
  });
  await until(() => runId !== "" && shown !== "", 15_000);
  child.kill("SIGKILL");
  await onceEvent(child, "exit");
  expect(last.startsWith(shown)).toBe(true);
  return runId;
}

test("M5: a process killed inside a stream is a crash, and the run goes on without a fault", async () => {
  const path = mkdtempSync(join(tmpdir(), "bridle-killed-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  const script = scriptedModel([
    { call: { name: "pay", arguments: { order: "W1" } } },
    { text: last },
  ]);
  const exchanges: ExchangeRecord[] = [];
  const server = await serve({
    models: () => script,
    chunked: true,
    faults: faultPlan({ faults: ["stall_in_text@2"] }),
    onExchange: (exchange) => exchanges.push(exchange),
  });
  const runId = await killInStream(path, server.urlFor("r"));
  await until(() => exchanges.length === 2);
  expect(exchanges[1]).toMatchObject({ clientLeft: true, faults: ["stall_in_text"] });
  const store = sqlite(join(path, "journal.db"));
  onTestFinished(() => store.close());
  const { harness } = await worldOf(streamingAgent(path, server.urlFor("r")), { store });
  const outcome = await (await harness.run(runId)).outcome();
  expect(outcome).toMatchObject({ kind: "succeeded", text: last, turns: 2, inDoubt: [] });
  expect(outcome.receipts).toHaveLength(1);
  expect(readFileSync(join(path, "ledger"), "utf8")).toBe(`${runId}-t1c0\n`);
  const events = await wholeJournal(store, runId);
  expect(eventsOf(events, "run.leased")).toMatchObject([{ after: "crash", epoch: 2 }]);
  expect(eventsOf(events, "model.faulted")).toEqual([]);
  expect(server.requestCount()).toBe(3);
});
