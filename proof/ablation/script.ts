/**
 * What the simulated model plays: the task's reference solution as a desk would go about it.
 *
 * P1 One script for every arm, so that the same decision errs in the same way in each.
 * P2 Before its first write the desk finds out who the customer is and reads what it will change;
 *    reference solutions leave that out where they can, written policies demand it.
 * P3 Before each write the desk proposes it to the customer, arguments and all.
 */
import type { Action } from "../../src/chaos/door.ts";
import { pick, seededRandom, seedFrom, type Random } from "../../src/std/random.ts";
import type { JsonObject } from "../../src/std/json.ts";
import type { Domain } from "../tau/data.ts";
import type { Db } from "../tau/db.ts";
import type { Task, TaskAction } from "../tau/task.ts";
import { runKeyOf } from "../tau/models.ts";
import { ownerOf, thingOf } from "./owner.ts";
import { slipsOf } from "./slips.ts";

/** A write whose wrong value the tool accepts; of the others an id is misspelt, and most fail. */
const ACCEPTED_SHARE = 0.5;

/** The actions of one task for one seed. The seed chooses the mistakes, not the actions. */
export function scriptOf(domain: Domain, task: Task, seed: number): readonly Action[] {
  const writes = writesOf(domain);
  const db = domain.freshDb();
  const actions: Action[] = [];
  const done: TaskAction[] = [];
  for (const [index, action] of task.actions.entries()) {
    if (!writes.has(action.name)) {
      actions.push(action);
    } else {
      actions.push(...firstReads(db, action, [...actions]));
      const random = seededRandom(seedFrom(`slip ${seed} ${index} ${runKeyOf(task)}`));
      const slips = slipsOf(domain, action, done);
      actions.push(askFor(action, slips, random), withSlip(action, slips, random));
    }
    done.push(action);
  }
  return actions;
}

/** The names of the tools that change something. */
export function writesOf(domain: Domain): ReadonlySet<string> {
  return new Set(domain.tools.filter(({ effect }) => effect === "write").map(({ name }) => name));
}

/** Who it is, then what it is about: whatever of it was not looked up yet (P2). */
function firstReads(db: Db, action: TaskAction, before: readonly Action[]): readonly Action[] {
  const reads: Action[] = [];
  const ownerId = ownerOf(db, action.arguments);
  const owner = db.kind === "retail" ? db.users.get(ownerId) : undefined;
  if (owner !== undefined && !before.some(({ name }) => name.startsWith("find_user_id_by"))) {
    const { first_name, last_name } = owner.name;
    const { zip } = owner.address;
    reads.push({ name: "find_user_id_by_name_zip", arguments: { first_name, last_name, zip } });
  }
  const thing = thingOf(action.arguments);
  if (thing === null) return reads;
  const name = thing.field === "order_id" ? "get_order_details" : "get_reservation_details";
  const isRead = before.some((one) => one.name === name && one.arguments[thing.field] === thing.id);
  return isRead ? reads : [...reads, { name, arguments: { [thing.field]: thing.id } }];
}

/** The proposal. A mistaken one names a write that the customer does not want. */
function askFor(action: TaskAction, slips: readonly JsonObject[], random: Random): Action {
  const { name: tool, arguments: input } = action;
  const slip = pick(slips, random);
  const ask = { name: "ask_customer", arguments: { tool, input } };
  return slip === undefined ? ask : { ...ask, mistaken: { tool, input: slip } };
}

function withSlip(action: TaskAction, slips: readonly JsonObject[], random: Random): Action {
  const slip = random() < ACCEPTED_SHARE ? pick(slips, random) : undefined;
  return slip === undefined ? action : { ...action, mistaken: slip };
}
