/**
 * The same policies over the reference solutions as corrected since (tau2): each of their writes
 * should be allowed to a desk that has asked what it must.
 *
 * A reference solution lists calls, not a conversation. What any desk does first is assumed: it
 * asks who the customer is, what they want and why, and is told what the task tells its customer;
 * it reads the reservations; it says what it is about to do; the customer says yes.
 */
import type { PolicyAnswer } from "../../src/governance/policy/verdict.ts";
import type { AirlineDb } from "../tau/airline/db.ts";
import type { Domain } from "../tau/data.ts";
import type { Task, TaskAction } from "../tau/task.ts";
import { callTool } from "../tau/tool.ts";
import { textOf } from "./arguments.ts";
import { questionOf } from "./facts.ts";
import type { Decide } from "./judged.ts";
import type { MadeCall, Moment } from "./moment.ts";
import { airlineDb, WRITE_TOOLS } from "./writes.ts";

export interface CorrectedWrite {
  /** tau2's id of the task. */
  readonly taskId: string;
  readonly tool: string;
  readonly verdict: PolicyAnswer["verdict"];
  readonly rules: readonly string[];
}

export function judgeCorrected(domain: Domain, decide: Decide): readonly CorrectedWrite[] {
  return domain.tasks.flatMap((task) => judgeTask(domain, task, decide));
}

function judgeTask(domain: Domain, task: Task, decide: Decide): readonly CorrectedWrite[] {
  const db = airlineDb(domain);
  const made: MadeCall[] = [];
  const judged: CorrectedWrite[] = [];
  for (const action of task.actions) {
    const { name, arguments: input } = action;
    if (WRITE_TOOLS.includes(name)) {
      const { verdict, rules } = decide(questionOf(momentOf(db, { task, action, made })));
      judged.push({ taskId: task.id, tool: name, verdict, rules });
    }
    const tool = domain.tools.find((candidate) => candidate.name === name);
    const kind = tool === undefined ? "refused" : callTool(tool, db, input).kind;
    made.push({ name, arguments: input, kind });
  }
  return judged;
}

function momentOf(
  db: AirlineDb,
  at: {
    readonly task: Task;
    readonly action: TaskAction;
    readonly made: readonly MadeCall[];
  },
): Moment {
  const { name, arguments: input } = at.action;
  return {
    db,
    talk: [
      { by: "agent", text: "Who are you, what can I do for you, and for what reason?" },
      { by: "customer", text: at.task.userPrompt },
      { by: "agent", text: `I will do this: ${name} ${JSON.stringify(input)}. Do you want it?` },
      { by: "customer", text: "Yes." },
    ],
    made: [...readsOf(db, at.action), ...at.made],
    tool: name,
    input,
    callsTogether: 1,
    spokeToo: false,
  };
}

/** The reservation that is named, or all of the customer's where none is. */
function readsOf(db: AirlineDb, { arguments: input }: TaskAction): readonly MadeCall[] {
  const named = textOf(input, "reservation_id");
  const own = db.users.get(textOf(input, "user_id"))?.reservations ?? [];
  return (named === "" ? own : [named]).map((reservationId) => ({
    name: "get_reservation_details",
    arguments: { reservation_id: reservationId },
    kind: "result",
  }));
}
