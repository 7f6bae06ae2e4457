/**
 * The process that dies. It starts a run, waits until it asks, has Ann say yes, and kills itself
 * right before or right after the commit that holds the yes and the claim; `unasked`: as soon as
 * the run waits, with no answer at all.
 */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { embedded, harness } from "../../src/index.ts";
import { isJsonObject, parseJson, type JsonObject } from "../../src/std/json.ts";
import { sqlite } from "../../src/storage/sqlite/door.ts";
import { paymentDesk, usualTerms } from "./desk.ts";

const orders = readOrders(process.argv[2] ?? "");
const point = textOf(orders, "point");

const store = sqlite(join(textOf(orders, "folder"), "journal.db"));
const append = store.append.bind(store);
store.append = async (fence, given) => {
  const isYes = given.events.some(({ body }) => body.kind === "approval.settled");
  if (isYes && point === "before") process.kill(process.pid, "SIGKILL");
  const appended = await append(fence, given);
  if (isYes && point === "after") process.kill(process.pid, "SIGKILL");
  return appended;
};
const { people, decide, principal } = usualTerms;
const places = { modelUrl: textOf(orders, "modelUrl"), ledgerUrl: textOf(orders, "ledgerUrl") };
const desk = await harness({
  agents: [paymentDesk(usualTerms, places)],
  store,
  engine: embedded({ pollMs: 20 }),
  people,
  decide,
});
const run = await desk.start("payments", { input: "pay", principal });
process.stdout.write(`${JSON.stringify({ runId: run.runId })}\n`);
for (;;) {
  const [question] = await run.approvals();
  const row = await store.get(run.runId);
  if (question !== undefined && row?.status === "parked" && row.lease === null) {
    if (point === "unasked") process.kill(process.pid, "SIGKILL");
    const { approvalId } = question;
    await run.vote({ approvalId, by: "ann", decision: "approve" });
    break;
  }
  await sleep(5);
}

function readOrders(text: string): JsonObject {
  const parsed = parseJson(text);
  if (parsed.ok && isJsonObject(parsed.value)) return parsed.value;
  throw new Error("The orders are not an object");
}

function textOf(given: JsonObject, name: string): string {
  const value = given[name];
  if (typeof value === "string") return value;
  throw new Error(`The orders have no ${name}`);
}
