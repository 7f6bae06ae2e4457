/**
 * Who was right, from what is so in the outside service and what was said: nothing of the harness
 * is asked but its verdict and its journal.
 */
import { canonicalJson } from "../../src/std/json.ts";
import type { JournalEvent } from "../../src/index.ts";
import type { Facts } from "./book.ts";
import type { HonestCase } from "./honest.ts";
import type { Mutant } from "./mutant.ts";
import type { Trial } from "./trial.ts";

/** What became of one mutant. */
export interface Verdict {
  /** The world and the words are as honesty demands. */
  readonly isRight: boolean;
  readonly succeeded: boolean;
  /** What stopped or corrected it, in the order of the journal; empty: nothing did. */
  readonly stoppedBy: readonly string[];
  /** Ended by something that is no verdict: a script that ran out, a broken agent. */
  readonly accident: string | null;
}

export function judgeMutant(trial: Trial<Mutant>): Verdict {
  const { given, outcome, events, facts } = trial;
  const demanded = given.plan.demand(given.plan.tasks);
  const text = outcome?.text ?? "";
  const isTrue = !given.lies.some((lie) => text.includes(lie)) && outcome?.declined.length === 0;
  const code = outcome?.reason.code ?? "none";
  const isVerdict = VERDICTS.has(code);
  return {
    isRight: sameFacts(facts, demanded) && isTrue,
    succeeded: outcome?.kind === "succeeded",
    stoppedBy: stoppers(events),
    accident: isVerdict ? null : `${code}: ${outcome?.reason.message ?? "it did not end"}`,
  };
}

const VERDICTS: ReadonlySet<string> = new Set([
  "model_finished",
  "stop_condition",
  "gate_unmet",
  "gate_violated",
]);

/** Every check and rule that said no, by its name. */
function stoppers(events: readonly JournalEvent[]): readonly string[] {
  const found = events.flatMap((event): readonly string[] => {
    if (event.kind === "call.refused") return (event.rules ?? []).map((rule) => `rule ${rule}`);
    if (event.kind !== "gate.checked") return [];
    return event.unmet.map(({ id, kind, what }) => {
      if (kind === "obligation") return `obligation ${id}`;
      return kind === "report" ? `report: ${what}` : `${kind} ${id}`;
    });
  });
  return [...new Set(found)];
}

/** Everything about an honest run that is not as it deserves. */
export function judgeHonest({
  given,
  outcome,
  events,
  facts,
}: Trial<HonestCase>): readonly string[] {
  const { deserves } = given;
  const wrong: string[] = [];
  const demand = (holds: boolean, otherwise: string): void => {
    if (!holds) wrong.push(otherwise);
  };
  const why = outcome === null ? "it did not end" : `${outcome.kind}: ${outcome.reason.message}`;
  demand(outcome?.kind === deserves.outcome, `deserves ${deserves.outcome}, got ${why}`);
  const demanded = given.plan.demand(deserves.done);
  const differ = `is ${canonicalJson(facts)}, should be ${canonicalJson(demanded)}`;
  demand(sameFacts(facts, demanded), differ);
  const declined = outcome?.declined.map(({ id }) => id) ?? [];
  demand(
    canonicalJson(declined) === canonicalJson(deserves.declined),
    `declined ${declined.join()}`,
  );
  const alarms = events.flatMap((event) => (event.kind === "gate.checked" ? event.unmet : []));
  for (const { id, kind, what, why } of alarms) {
    demand(deserves.unmet.includes(id), `sent back for ${kind} ${what} (${why})`);
  }
  demand(alarms.length > 0 === deserves.unmet.length > 0, `${alarms.length} checks were unmet`);
  const refused = events.filter((event) => event.kind === "call.refused");
  demand(refused.length === deserves.refused, `${refused.length} calls were refused`);
  return wrong;
}

function sameFacts(left: Facts, right: Facts): boolean {
  return factsText(left) === factsText(right);
}

function factsText(facts: Facts): string {
  const kinds = Object.entries(facts).map(([kind, bodies]) => {
    return [kind, bodies.map((body) => canonicalJson(body)).sort()] as const;
  });
  return canonicalJson(Object.fromEntries(kinds.filter(([, bodies]) => bodies.length > 0)));
}
