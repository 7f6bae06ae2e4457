import { BridleError } from "../std/error.ts";
import { canonicalJson, isJsonObject, parseJson, type JsonObject } from "../std/json.ts";

/** One tool call that the task needs, in the order it needs them. */
export interface Action {
  readonly name: string;
  readonly arguments: JsonObject;
  /**
   * Arguments that the tool accepts and that mean something else: another customer's order, say.
   * Without them a simulated model misspells an id by itself, which most tools then reject.
   */
  readonly mistaken?: JsonObject;
}

/** What a model that plays actions needs to know. */
export interface ActionScript {
  /** Seeds call ids and, in a simulated model, the errors. Usually the run key. */
  readonly key?: string;
  readonly actions: readonly Action[];
  /** What the model says when every action is done. */
  readonly finalText: string;
  /** How many actions one turn asks for, at most. 1 when left out. */
  readonly batchSize?: number;
  /** True for a tool result after which a sensible model tries the same call again. */
  readonly isRetryable?: (resultText: string) => boolean;
  /** An action is given up, and counted as done, after so many results. 3 when left out. */
  readonly attemptsMax?: number;
}

/** A script with its defaults filled in and its actions copied as plain JSON. */
export interface PreparedScript extends Required<ActionScript> {
  readonly actionTexts: readonly string[];
}

/** Checks a script once, so that a typing slip fails where it was made. Throws `input_invalid`. */
export function prepareScript(script: ActionScript): PreparedScript {
  const batchSize = script.batchSize ?? 1;
  const attemptsMax = script.attemptsMax ?? 3;
  for (const [name, count] of Object.entries({ batchSize, attemptsMax })) {
    if (Number.isInteger(count) && count >= 1) continue;
    throw new BridleError("input_invalid", `${name} must be a whole number of at least 1.`);
  }
  const actions = script.actions.map((action) => ({
    name: action.name,
    arguments: plainArguments(action.arguments),
    ...(action.mistaken === undefined ? {} : { mistaken: plainArguments(action.mistaken) }),
  }));
  return {
    key: script.key ?? "",
    actions,
    actionTexts: actions.map((action) => JSON.stringify(action.arguments)),
    finalText: script.finalText,
    batchSize,
    isRetryable: script.isRetryable ?? (() => false),
    attemptsMax,
  };
}

/** A copy that keeps the order of the keys, as a model would write them. */
function plainArguments(value: JsonObject): JsonObject {
  // Refuses what JSON cannot hold, where `JSON.stringify` would write null and say nothing.
  canonicalJson(value);
  const plain = parseJson(JSON.stringify(value));
  if (plain.ok && isJsonObject(plain.value)) return plain.value;
  throw new BridleError("input_invalid", "The arguments of an action must be an object.");
}
