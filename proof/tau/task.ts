import { isJsonObject, type Json, type JsonObject } from "../../src/std/json.ts";
import { BridleError } from "../../src/std/error.ts";
import type { DomainName } from "./db.ts";
import { isList } from "./list.ts";

/** One call of the reference solution. */
export interface TaskAction {
  readonly name: string;
  readonly arguments: JsonObject;
}

export interface Task {
  readonly id: string;
  readonly domain: DomainName;
  /** tau2's own division of its tasks: whoever shapes a rule on `train` measures it on `test`. */
  readonly split: "train" | "test";
  /** Who the user is and what they want, as the public user simulator is told. */
  readonly userPrompt: string;
  readonly actions: readonly TaskAction[];
  /** Texts the agent must have said, letter case and thousands commas aside. */
  readonly communicate: readonly string[];
}

/** Reads tau2's task and split files. Throws `usage` when they do not have tau2's shape. */
export function parseTasks(domain: DomainName, tasks: Json, splits: Json): readonly Task[] {
  const held = new Set(listOf(field(splits, "test"), "test split").map((id) => textOf(id, "id")));
  return listOf(tasks, "tasks").map((task) => {
    const id = textOf(field(task, "id"), "task id");
    const criteria = field(task, "evaluation_criteria");
    return {
      id,
      domain,
      split: held.has(id) ? "test" : "train",
      userPrompt: renderScenario(field(task, "user_scenario")),
      actions: listOf(field(criteria, "actions") ?? [], "actions").map(parseAction),
      communicate: listOf(field(criteria, "communicate_info") ?? [], "communicate_info").map(
        (entry) => textOf(entry, "communicate_info"),
      ),
    };
  });
}

function parseAction(action: Json): TaskAction {
  const args = field(action, "arguments");
  if (!isJsonObject(args)) throw unexpected("action arguments");
  return { name: textOf(field(action, "name"), "action name"), arguments: args };
}

/** The sections of a scenario in tau2's order; one that is empty is left out. */
const SECTIONS: readonly (readonly [key: string, title: string])[] = [
  ["reason_for_call", "Reason for call"],
  ["known_info", "Known info"],
  ["unknown_info", "Unknown info"],
  ["task_instructions", "Task instructions"],
];

function renderScenario(scenario: Json | undefined): string {
  const persona = field(scenario, "persona");
  const instructions = field(scenario, "instructions");
  const lines = typeof persona === "string" ? ["Persona:", indent(persona)] : [];
  return [...lines, "Instructions:", indent(renderInstructions(instructions))].join("\n");
}

function renderInstructions(instructions: Json | undefined): string {
  if (typeof instructions === "string") return instructions;
  const lines = [`Domain: ${textOf(field(instructions, "domain"), "domain")}`];
  for (const [key, title] of SECTIONS) {
    const text = field(instructions, key);
    if (typeof text === "string") lines.push(`${title}:\n${indent(text)}`);
  }
  return lines.join("\n");
}

/** A tab before each line that is not blank. */
function indent(text: string): string {
  return text.replace(/^(?=.*\S)/gm, "\t");
}

function field(value: Json | undefined, key: string): Json | undefined {
  return isJsonObject(value) ? value[key] : undefined;
}

function listOf(value: Json | undefined, what: string): readonly Json[] {
  if (!isList(value)) throw unexpected(what);
  return value;
}

function textOf(value: Json | undefined, what: string): string {
  if (typeof value !== "string") throw unexpected(what);
  return value;
}

function unexpected(what: string): BridleError {
  return new BridleError("usage", `The tau task file has no usable ${what}.`, {
    hint: "Point --data PATH at an unmodified checkout of tau2-bench.",
  });
}
