/**
 * The writes of the recorded runs, each with the moment before it and its label.
 *
 * L1 A write counts when the tool carried it out: a refused one changed nothing. Handing over to a
 *    person changes no database and does not count.
 * L2 A write is *of the reference* when tool and arguments are, as JSON, those of an action of the
 *    task's reference solution.
 * L3 It is *wrong* when its run failed and it is not of the reference. It is *legitimate* when it
 *    is of the reference, whatever became of its run, or when its run passed.
 * L4 The world is replayed call by call, so each moment holds the database as that write met it.
 */
import { hashJson } from "../../src/std/hash.ts";
import { BridleError } from "../../src/std/error.ts";
import type { Domain } from "../tau/data.ts";
import type { AirlineDb } from "../tau/airline/db.ts";
import type { RecordedRun } from "../tau/recorded.ts";
import type { TaskAction } from "../tau/task.ts";
import { callTool } from "../tau/tool.ts";
import type { MadeCall, Moment } from "./moment.ts";

export interface LabelledWrite {
  readonly taskId: number;
  readonly trial: number;
  /** Its place among the run's calls, from 0. */
  readonly position: number;
  readonly label: "wrong" | "legitimate";
  readonly moment: Moment;
}

/** The tools whose writes count (L1). */
export const WRITE_TOOLS: readonly string[] = [
  "book_reservation",
  "cancel_reservation",
  "send_certificate",
  "update_reservation_baggages",
  "update_reservation_flights",
  "update_reservation_passengers",
];

/** Every committed write of one run, in order, handed over while the world is as it met it. */
export function* replayWrites(domain: Domain, run: RecordedRun): Generator<LabelledWrite> {
  const db = airlineDb(domain);
  const made: MadeCall[] = [];
  for (const [position, call] of run.calls.entries()) {
    const tool = domain.tools.find(({ name }) => name === call.name);
    if (tool === undefined) throw unknownTool(call.name);
    const isCommitted = WRITE_TOOLS.includes(call.name) && !call.result.startsWith("Error");
    if (isCommitted) {
      const moment: Moment = {
        db,
        talk: run.talk.slice(0, call.talkBefore),
        made: [...made],
        tool: call.name,
        input: call.arguments,
        callsTogether: call.callsTogether,
        spokeToo: call.spokeToo,
      };
      const { taskId, trial } = run;
      yield { taskId, trial, position, label: labelOf(run, call), moment };
    }
    const { kind } = callTool(tool, db, call.arguments);
    made.push({ name: call.name, arguments: call.arguments, kind });
  }
}

function labelOf(run: RecordedRun, call: TaskAction): LabelledWrite["label"] {
  return run.passed || isAmong(run.actions, call) ? "legitimate" : "wrong";
}

/** True when an action has this tool and these arguments (L2). */
export function isAmong(actions: readonly TaskAction[], call: TaskAction): boolean {
  const hash = hashJson(call.arguments);
  return actions.some(({ name, arguments: args }) => name === call.name && hashJson(args) === hash);
}

export function airlineDb(domain: Domain): AirlineDb {
  const db = domain.freshDb();
  if (db.kind === "airline") return db;
  throw new BridleError("invariant_broken", "The airline domain has another database.");
}

function unknownTool(name: string): BridleError {
  return new BridleError("invariant_broken", `A recorded run calls ${name}, which is no tool.`);
}
