/** How faults of a model and tools out of service change the run: another part of `fold.ts`. */
import type { ModelAnswered } from "./event.ts";
import { addUserMessage } from "./fold-call.ts";
import type { Draft, Rest } from "./run.ts";
import { addUsage } from "./usage.ts";
import type { ModelFaulted, ToolsWithheld } from "./wire-event.ts";

/** A run remembers the rests of so many models; the oldest go first. */
const RESTS_MAX = 32;

/** A run that overflows more often has a history that shrinking does not mend. */
const SHRINKS_MAX = 64;

/** No agent has more routes than this. */
const ROUTES_MAX = 32;

/** Faults of one turn that are kept one by one. Retry budgets end a turn long before. */
const TURN_FAULTS_MAX = 500;

export function foldFault(draft: Draft, event: ModelFaulted): void {
  const { asked, billed, fault, answer, shrink, outputTokensMax, notBefore } = event;
  draft.faults += 1;
  if (billed !== undefined) draft.usage = addUsage(draft.usage, billed.usage);
  const { kind } = fault;
  draft.turnFaults = [...draft.turnFaults, { asked, kind, answer }].slice(-TURN_FAULTS_MAX);
  if (shrink !== undefined) draft.shrinks = [...draft.shrinks, shrink].slice(-SHRINKS_MAX);
  if (kind === "truncated" && shrink !== undefined) {
    // The history makes room instead: the output that was too little is asked for no more.
    draft.outputLimits = draft.outputLimits.filter((limit) => limit.asked !== asked);
  }
  if (outputTokensMax !== undefined) {
    const others = draft.outputLimits.filter((limit) => limit.asked !== asked);
    draft.outputLimits = [...others, { asked, tokensMax: outputTokensMax }].slice(-ROUTES_MAX);
  }
  if (answer === "repair" && !draft.strictFor.includes(asked)) {
    draft.strictFor = [...draft.strictFor, asked].slice(-ROUTES_MAX);
  }
  if (notBefore === undefined) return;
  const others = draft.rests.filter((rest) => rest.asked !== asked);
  const rest: Rest = { asked, until: notBefore };
  draft.rests = [...others, rest].slice(-RESTS_MAX);
}

export function foldWithheld(draft: Draft, event: ToolsWithheld): void {
  draft.withheld = event.tools;
  draft.withheldChanges += 1;
  addUserMessage(draft, event.text);
}

/** Which model makes the answers from here on; told once, when it changes. */
export function foldAsked(draft: Draft, { asked, model }: ModelAnswered): void {
  draft.turnFaults = draft.turnFaults.length === 0 ? draft.turnFaults : [];
  if (asked === undefined && draft.asked !== null) return;
  // Before routes were written down, only the model that answered was: its provider is the same.
  const maker = asked ?? model;
  draft.asked = asked ?? null;
  if (maker === undefined) return;
  draft.makers = [...draft.makers, { from: draft.messages.length, asked: maker }];
}
