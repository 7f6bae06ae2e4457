/** Attacks by who answers: through the front door, and straight into the store. */
import { yes, bothApprove, annApproves, type Attack } from "./attack.ts";
import type { Stage } from "./stage.ts";

/** The same words at the door and behind it. */
async function tryBoth(
  stage: Stage,
  vote: { readonly by: string; readonly onBehalfOf?: string },
): Promise<void> {
  const { approvalId } = await stage.question();
  const run = await stage.run();
  await stage.attempt(() => run.vote({ approvalId, decision: "approve", ...vote }));
  await stage.forge({ ...yes(approvalId, vote.by), ...vote });
}

/** Somebody who may not answer at all. */
function stranger(name: string, by: string, stoppedBy: RegExp): Attack {
  return { name, stoppedBy, abuse: (stage) => tryBoth(stage, { by }) };
}

export const whoAttacks: readonly Attack[] = [
  stranger("an unknown person", "eve", /by the writer: "eve" is not a known approver/),
  stranger("a homoglyph of an approver", "\u0430nn", /by the writer: .* is not a known approver/),
  stranger("an agent approves", "robot", /by the writer: "robot" is no person/),
  stranger("a service approves", "cron", /by the writer: "cron" is no person/),
  stranger("a person of another tenant", "foreign", /by the writer: "foreign" was not asked/),
  {
    name: "whoever asked approves",
    terms: () => ({ principal: { id: "ann" } }),
    stoppedBy: /by the writer: "ann" cannot approve their own request/,
    abuse: (stage) => tryBoth(stage, { by: "ann" }),
    honest: async (stage) => {
      const { approvalId } = await stage.question();
      await (await stage.run()).vote({ approvalId, by: "bob", decision: "approve" });
    },
  },
  {
    name: "one person twice for a quorum of two",
    terms: () => ({ approval: { quorum: 2 } }),
    stoppedBy: /by the writer: "ann" has already answered/,
    abuse: async (stage) => {
      const { approvalId } = await stage.question();
      for (let nth = 0; nth < 5; nth++) await stage.forge(yes(approvalId, "ann"));
    },
    honest: bothApprove,
  },
  {
    name: "a delegate as the second voice",
    terms: () => ({
      approval: { quorum: 2 },
      people: [
        { id: "ann", delegates: [{ to: "bob", until: Date.now() + 3_600_000 }] },
        { id: "bob" },
        { id: "carl" },
      ],
    }),
    stoppedBy: /by the writer: "ann" has already answered/,
    abuse: async (stage) => {
      const { approvalId } = await stage.question();
      await stage.forge(yes(approvalId, "ann"));
      await stage.forge({ ...yes(approvalId, "bob"), onBehalfOf: "ann" });
    },
    honest: bothApprove,
  },
  {
    name: "a delegation that has ended",
    terms: () => ({
      people: [{ id: "ann", delegates: [{ to: "dora", until: Date.now() - 1 }] }, { id: "dora" }],
      approval: { people: ["ann"] },
    }),
    stoppedBy: /by the writer: "ann" has not delegated this to "dora"/,
    abuse: (stage) => tryBoth(stage, { by: "dora", onBehalfOf: "ann" }),
    honest: annApproves,
  },
  {
    name: "a voice that was struck from the list",
    terms: () => ({ approval: { quorum: 2 } }),
    stoppedBy: /asked anew: Who may approve has changed/,
    abuse: async (stage) => {
      const { approvalId } = await stage.question();
      await stage.forge(yes(approvalId, "ann"));
      await stage.quiet();
      await stage.reopen({ people: [{ id: "bob" }, { id: "carl" }] });
      await stage.forge(yes(approvalId, "bob"));
    },
    honest: bothApprove,
  },
];
