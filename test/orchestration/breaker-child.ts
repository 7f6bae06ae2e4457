/** A process with an agent that pays through one HTTP service, told by messages to start runs. */
import { embedded, harness, once, ToolError } from "../../src/index.ts";
import { sqlite } from "../../src/storage/sqlite/door.ts";
import { agentOf, modelOf, toolOf } from "./played-model.ts";

const [, , file = "", url = "", mode = "tool"] = process.argv;

const pay = toolOf({
  effect: once(),
  retry: { retriesMax: 0 },
  timeoutMs: 60_000,
  breaker: { openMs: 2_500, probeMs: 3_000 },
  execute: async () => {
    const response = await fetch(`${url}/${process.pid}`);
    if (response.ok) return "paid";
    throw new ToolError("the service is down", { isTransient: true });
  },
});

const isPaying = mode === "tool";
const model = isPaying
  ? modelOf({ calls: [{ tool: "pay" }] }, "Done.")
  : { baseURL: url, modelId: "m" };
const made = await harness({
  agents: [agentOf(model, { tools: isPaying ? { pay } : {} })],
  store: sqlite(file),
  engine: embedded({ pollMs: 50 }),
  leaseMs: 2_000,
  modelRetry: { waitMaxMs: 200 },
});

process.on("message", (count: number) => {
  const starts = Array.from({ length: count }, (_unused, n) => made.start("worker", { input: n }));
  Promise.all(starts)
    .then((runs) => Promise.all(runs.map((run) => run.outcome())))
    .then((outcomes) => process.send?.({ paid: outcomes.flatMap((each) => each.receipts).length }))
    .catch((thrown: unknown) => process.send?.({ failed: String(thrown) }));
});
process.send?.("ready");
