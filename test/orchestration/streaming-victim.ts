/** A process whose run hangs inside a stream, to be killed there. */
import { join } from "node:path";
import { harness } from "../../src/index.ts";
import { sqlite } from "../../src/storage/sqlite/door.ts";
import { streamingAgent } from "./streaming-agent.ts";

const [, , path = "", baseURL = ""] = process.argv;

const store = sqlite(join(path, "journal.db"));
const made = await harness({
  agents: [streamingAgent(path, baseURL)],
  store,
  onDelta: (_runId, delta) => {
    if (delta.kind === "text") process.send?.(`text ${delta.text}`);
  },
});
const run = await made.start("streaming", { input: "go" });
process.send?.(`run ${run.runId}`);
