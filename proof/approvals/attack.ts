/** What an attack on an approval is, and what it must run into. */
import type { Terms } from "./desk.ts";
import type { Stage } from "./stage.ts";

export interface Attack {
  readonly name: string;
  /** What it needs beside the usual terms. */
  readonly terms?: () => Partial<Terms>;
  /** False: it brings a run of its own. */
  readonly starts?: boolean;
  /** How many payments of it were rightly approved: they must happen, and no more. */
  readonly approved?: number;
  /** What must have stopped it; anything else means that the attack was not the one it names. */
  readonly stoppedBy: RegExp;
  /** Tries to have something paid that nobody approved. */
  readonly abuse: (stage: Stage) => Promise<void>;
  /** The approved twin: the same stage, answered as it should be; one payment must follow. */
  readonly honest?: (stage: Stage) => Promise<void>;
}

/** The usual honest answer: Ann says yes to what is asked. */
export async function annApproves(stage: Stage): Promise<void> {
  const { approvalId } = await stage.question();
  await (await stage.run()).vote({ approvalId, by: "ann", decision: "approve" });
}

/** For stages that ask for two: Ann and Bob say yes. */
export async function bothApprove(stage: Stage): Promise<void> {
  const { approvalId } = await stage.question();
  for (const by of ["ann", "bob"]) {
    await (await stage.run()).vote({ approvalId, by, decision: "approve" });
    await stage.quiet();
  }
}

/** For stages that ask about two calls: yes to one, no to the other. */
export async function oneOfTwo(stage: Stage): Promise<void> {
  const run = await stage.run();
  const [one, other] = await stage.questions();
  await run.vote({ approvalId: one?.approvalId ?? "", by: "ann", decision: "approve" });
  await run.vote({ approvalId: other?.approvalId ?? "", by: "ann", decision: "deny" });
}

/** A whole vote as its sender would write it into the store. */
export function yes(approvalId: string, by: string): { [name: string]: string } {
  return { approvalId, by, decision: "approve" };
}
