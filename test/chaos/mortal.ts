/**
 * A worker that dies where `BRIDLE_KILL_AT` says. Started again it does the same: it accepts the
 * work under the same key, answers what people are asked, and waits for the outcome.
 */
import { join } from "node:path";
import { killPointFromEnv } from "../../src/chaos/kill-point.ts";
import type { DecisionPoint } from "../../src/governance/door.ts";
import { embedded, harness } from "../../src/index.ts";
import { sqlite } from "../../src/storage/sqlite/door.ts";
import { mortalDesk } from "./mortal-desk.ts";

const [, , path = "", modelUrl = "", shopUrl = "", effect = "", asked = ""] = process.argv;

const desk = mortalDesk({
  modelUrl,
  shopUrl,
  effect: effect === "idempotent" ? effect : "once",
});
const store = killPointFromEnv(sqlite(join(path, "journal.db")));
const decide: DecisionPoint = ({ tool }) =>
  asked === "asked" && tool === "pay"
    ? { kind: "ask", rules: ["asked"], question: "May it?" }
    : { kind: "allow", rules: [] };
const made = await harness({
  agents: [desk],
  store,
  engine: embedded({ pollMs: 20 }),
  leaseMs: 300,
  decide,
  people: [{ id: "ann" }],
});
const run = await made.start(desk, {
  input: "Pay A and B.",
  idempotencyKey: "work",
  principal: { id: "customer" },
});
const answering = setInterval(() => {
  void run.approvals().then(async (open) => {
    for (const { approvalId } of open) {
      await run.vote({ approvalId, by: "ann", decision: "approve" }).catch(() => undefined);
    }
  });
}, 50);
const { kind, text } = await run.outcome();
clearInterval(answering);
await made.close();
process.stdout.write(`${JSON.stringify({ kind, text })}\n`);
