/**
 * A process that asks people about a payment, gets their yes, and kills itself right before or
 * right after the commit that holds both the yes and the claim of the payment.
 */
import { join } from "node:path";
import { embedded, harness } from "../../src/index.ts";
import { sqlite } from "../../src/storage/sqlite/door.ts";
import { approvedDesk } from "./approved-desk.ts";

const [, , path = "", point = "", effect = ""] = process.argv;

const store = sqlite(join(path, "journal.db"));
const append = store.append.bind(store);
store.append = async (fence, given) => {
  const isYes = given.events.some(({ body }) => body.kind === "approval.settled");
  if (isYes && point === "before") process.kill(process.pid, "SIGKILL");
  const appended = await append(fence, given);
  if (isYes && point === "after") process.kill(process.pid, "SIGKILL");
  return appended;
};
const { agent, governance } = approvedDesk(path, effect === "idempotent" ? effect : "once");
const made = await harness({
  agents: [agent],
  store,
  engine: embedded({ pollMs: 20 }),
  ...governance,
});
const run = await made.start("victim", { input: "go", principal: { id: "customer" } });
process.send?.(run.runId);
for (;;) {
  const [question] = await run.approvals();
  const row = await store.get(run.runId);
  if (question !== undefined && row?.status === "parked") {
    const { approvalId } = question;
    await run.vote({ approvalId, by: "ann", decision: "approve" });
    break;
  }
  await new Promise((resolve) => setTimeout(resolve, 5));
}
