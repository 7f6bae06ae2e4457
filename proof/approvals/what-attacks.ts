/** Attacks by what is answered: another call, another run, other arguments, another world. */
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { annApproves, oneOfTwo, yes, type Attack } from "./attack.ts";
import { cedarText, orderOf } from "./desk.ts";
import type { Stage } from "./stage.ts";

/** Ann's yes is posted while nobody works; then the work goes on under other terms. */
async function approvedThen(
  stage: Stage,
  change: Parameters<Stage["reopen"]>[0] = {},
): Promise<void> {
  const { approvalId } = await stage.question();
  await stage.reopen({}, false);
  await (await stage.run()).vote({ approvalId, by: "ann", decision: "approve" });
  await stage.reopen(change);
}

/** The twin of `approvedThen`: nothing changes meanwhile. */
async function approvedMeanwhile(stage: Stage): Promise<void> {
  await approvedThen(stage);
}

const evil = (stage: Stage): ReturnType<typeof orderOf> => ({
  ...orderOf(stage.tag),
  cents: 999_999,
});

export const whatAttacks: readonly Attack[] = [
  {
    name: "an answer replayed for the same call again",
    terms: () => ({ turns: [1, 1] }),
    approved: 1,
    stoppedBy: /by the writer: there is no approval/,
    abuse: async (stage) => {
      const { approvalId } = await stage.question();
      await stage.forge(yes(approvalId, "ann"));
      // The first payment is done and the second, an equal one, is asked about.
      await stage.quiet();
      await stage.forge(yes(approvalId, "ann"));
    },
    honest: async (stage) => {
      await annApproves(stage);
      const { approvalId } = await stage.question();
      await (await stage.run()).vote({ approvalId, by: "ann", decision: "deny" });
    },
  },
  {
    name: "an answer for another call of the turn",
    terms: () => ({ turns: [2] }),
    stoppedBy: /by the writer: the call is not the one that was shown/,
    abuse: async (stage) => {
      const [one, other] = await stage.questions();
      const { callHash = "" } = one ?? {};
      await stage.forge({ ...yes(other?.approvalId ?? "", "ann"), callHash });
    },
    honest: oneOfTwo,
  },
  {
    name: "an answer for another run",
    stoppedBy: /by the writer: there is no approval/,
    abuse: async (stage) => {
      const other = await stage.start();
      const { approvalId } = await stage.question(0, other.runId);
      await stage.forge(yes(approvalId, "ann"));
    },
  },
  {
    name: "an answer given for another principal",
    stoppedBy: /by the writer: the call is not the one that was shown/,
    abuse: async (stage) => {
      const other = await stage.start({ id: "mallory" });
      const shown = await stage.question();
      const { approvalId } = await stage.question(0, other.runId);
      const { runId } = other;
      await stage.forge({ ...yes(approvalId, "ann"), callHash: shown.callHash }, { runId });
    },
  },
  {
    name: "a yes to what was edited meanwhile",
    stoppedBy: /by the writer: it is already edited/,
    abuse: async (stage) => {
      const { approvalId, callHash } = await stage.question();
      await stage.reopen({}, false);
      const edit = { ...yes(approvalId, "ann"), decision: "edit", input: evil(stage) };
      await stage.forge(edit);
      await stage.forge({ ...yes(approvalId, "bob"), callHash });
      await stage.reopen();
    },
  },
  {
    name: "an editor approves the edit",
    stoppedBy: /by the writer: "ann" cannot approve their own request/,
    abuse: async (stage) => {
      const first = await stage.question();
      const edit = { ...yes(first.approvalId, "ann"), decision: "edit", input: evil(stage) };
      await stage.forge(edit);
      const { approvalId } = await stage.question();
      await stage.forge(yes(approvalId, "ann"));
    },
    honest: async (stage) => {
      const first = await stage.question();
      const input = { ...orderOf(stage.tag), cents: 5 };
      const run = await stage.run();
      await run.vote({ approvalId: first.approvalId, by: "ann", decision: "edit", input });
      const { approvalId } = await stage.question();
      await run.vote({ approvalId, by: "bob", decision: "approve" });
    },
  },
  {
    name: "a yes that comes after the expiry",
    terms: () => ({ approval: { expiresMs: 400 } }),
    stoppedBy: /by the writer: it has expired/,
    abuse: async (stage) => {
      const { approvalId, requestedAt, expiresAt } = await stage.question();
      await stage.reopen({}, false);
      await sleep(Math.max(0, expiresAt - Date.now()) + 10);
      // The sender's clock says that it was in time.
      await stage.forge(yes(approvalId, "ann"), { at: requestedAt + 1 });
      await stage.reopen();
    },
  },
  {
    name: "policies that deny by now",
    stoppedBy: /before the call: Denied: the desk is closed/,
    abuse: (stage) => {
      const decide = () =>
        ({ kind: "deny", rules: ["shut"], reason: "the desk is closed" }) as const;
      return approvedThen(stage, { decide });
    },
    honest: approvedMeanwhile,
  },
  {
    name: "a no, under policies that ask nobody by now",
    stoppedBy: /before the call: Denied: a person said no: never/,
    abuse: async (stage) => {
      const { approvalId } = await stage.question();
      await stage.reopen({}, false);
      const run = await stage.run();
      await run.vote({ approvalId, by: "ann", decision: "deny", reason: "never" });
      await stage.reopen({ decide: () => ({ kind: "allow", rules: [] }) });
    },
    honest: approvedMeanwhile,
  },
  {
    name: "another policy set, with the same rules asking",
    terms: () => ({ decide: () => ({ kind: "allow", rules: [] }), policies: cedarText(5_000) }),
    stoppedBy: /asked anew: What was approved has changed/,
    abuse: (stage) => approvedThen(stage, { policies: cedarText(4_000) }),
    honest: approvedMeanwhile,
  },
  {
    name: "policies that ask for another reason by now",
    stoppedBy: /asked anew: What was approved has changed/,
    abuse: (stage) => {
      const decide = () => ({ kind: "ask", rules: ["sanctions"], question: "Listed?" }) as const;
      return approvedThen(stage, { decide });
    },
    honest: approvedMeanwhile,
  },
  {
    name: "a tool with another schema by now",
    stoppedBy: /asked anew: What was approved has changed/,
    abuse: (stage) => approvedThen(stage, { properties: { urgent: { type: "boolean" } } }),
    honest: approvedMeanwhile,
  },
  {
    name: "another version of the resource by now",
    stoppedBy: /asked anew: What was approved has changed/,
    abuse: (stage) => approvedThen(stage, { version: "2" }),
    honest: approvedMeanwhile,
  },
  {
    name: "a cancelled run",
    stoppedBy: /before the call: Cancelled/,
    abuse: async (stage) => {
      const { approvalId } = await stage.question();
      await stage.reopen({}, false);
      const run = await stage.run();
      await run.vote({ approvalId, by: "ann", decision: "approve" });
      await run.cancel();
      await stage.reopen();
    },
    honest: approvedMeanwhile,
  },
  {
    name: "a row of the index opened again",
    terms: () => ({ turns: [2] }),
    stoppedBy: /by the writer: there is no approval/,
    abuse: async (stage) => {
      const { approvalId } = await stage.question();
      const run = await stage.run();
      await run.vote({ approvalId, by: "ann", decision: "deny", reason: "no" });
      await stage.quiet();
      openRowAgain(stage, approvalId);
      const row = await stage.store.approval(approvalId);
      if (row?.status !== "open") throw new Error("the row could not be tampered with");
      await stage.attempt(() => run.vote({ approvalId, by: "bob", decision: "approve" }));
      await stage.forge(yes(approvalId, "bob"));
    },
    honest: oneOfTwo,
  },
];

/** As whoever can write to the file would. */
function openRowAgain(stage: Stage, approvalId: string): void {
  const db = new DatabaseSync(join(stage.folder, "journal.db"));
  db.prepare("UPDATE approvals SET status = 'open', expires_at = ? WHERE approval_id = ?").run(
    Date.now() + 3_600_000,
    approvalId,
  );
  db.close();
}
