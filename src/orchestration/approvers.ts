/** Who may approve what, checked when a harness is made: not when somebody waits for an answer. */
import type { Person } from "../governance/approval.ts";
import { BridleError } from "../std/error.ts";
import type { Agent } from "./agent.ts";

/**
 * Refuses a tool that names people or roles that do not exist. Without any people asking is a no,
 * and so it is with too few: who may answer a call depends on its tenant and on who asked for it.
 */
export function checkApprovers(agents: Iterable<Agent>, people: readonly Person[]): void {
  if (people.length === 0) return;
  for (const agent of agents) {
    for (const { name, definition } of agent.tools.values()) {
      if (definition.approval === undefined) continue;
      const { people: named = [], roles = [] } = definition.approval;
      const stranger = named.find((id) => people.every((person) => person.id !== id));
      if (stranger !== undefined) {
        throw unapprovable(`Tool "${name}" is approved by "${stranger}", who is not known`);
      }
      const role = roles.find((each) => people.every((who) => who.roles?.includes(each) !== true));
      if (role !== undefined) {
        throw unapprovable(`Tool "${name}" is approved by a "${role}", and nobody is one`);
      }
    }
  }
}

function unapprovable(message: string): BridleError {
  return new BridleError("approval_invalid", message, {
    hint: "Name people and roles that stand in `people`.",
  });
}

/** Refuses a list in which somebody could not be told apart or could never answer. */
export function checkPeople(people: readonly Person[]): void {
  const ids = new Set<string>();
  for (const { id, roles, tenants, delegates = [] } of people) {
    if (typeof id !== "string" || id === "" || ids.has(id)) {
      throw new BridleError("approval_invalid", `The approver ${JSON.stringify(id)} is none`, {
        hint: "Give each of `people` an id of its own.",
      });
    }
    // Plain JavaScript may hand in a text, which would be read letter by letter.
    for (const [name, list] of Object.entries({ roles, tenants, delegates })) {
      if (list === undefined || Array.isArray(list)) continue;
      throw new BridleError("approval_invalid", `The ${name} of "${id}" are no list`, {
        hint: `Write them as one: ${name}: [...].`,
      });
    }
    ids.add(id);
    for (const { to, until } of delegates) {
      const ends = typeof until === "number" ? until : Date.parse(until);
      if (Number.isFinite(ends) && to !== id) continue;
      throw new BridleError("approval_invalid", `The delegation of "${id}" to "${to}" is none`, {
        hint: "A delegation names another person and ends: { to, until: '2026-12-31' }.",
      });
    }
  }
  for (const { id, delegates = [] } of people) {
    const stranger = delegates.find(({ to }) => !ids.has(to));
    if (stranger === undefined) continue;
    throw new BridleError("approval_invalid", `"${id}" delegates to "${stranger.to}", unknown`, {
      hint: "Whoever answers for somebody else must stand in `people` too.",
    });
  }
}
