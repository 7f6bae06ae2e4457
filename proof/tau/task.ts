import type { Json, JsonObject } from "../../src/std/json.ts";
import type { DomainName } from "./db.ts";
import { expectList, expectObject, expectText, fieldOf } from "./shape.ts";

/** One call of the reference solution. */
export interface TaskAction {
  readonly name: string;
  readonly arguments: JsonObject;
}

/** One tau2 task: a user with a wish, and the state and sentences that count as its solution. */
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
  const held = new Set(
    expectList(fieldOf(splits, "test"), "test split").map((id) => expectText(id, "id")),
  );
  return expectList(tasks, "tasks").map((task) => {
    const id = expectText(fieldOf(task, "id"), "task id");
    const criteria = fieldOf(task, "evaluation_criteria");
    return {
      id,
      domain,
      split: held.has(id) ? "test" : "train",
      userPrompt: renderScenario(fieldOf(task, "user_scenario")),
      actions: expectList(fieldOf(criteria, "actions") ?? [], "actions").map(parseAction),
      communicate: expectList(fieldOf(criteria, "communicate_info") ?? [], "communicate_info").map(
        (entry) => expectText(entry, "communicate_info"),
      ),
    };
  });
}

function parseAction(action: Json): TaskAction {
  return {
    name: expectText(fieldOf(action, "name"), "action name"),
    arguments: expectObject(fieldOf(action, "arguments"), "action arguments"),
  };
}

/** The sections of a scenario in tau2's order; one that is empty is left out. */
const SECTIONS: readonly (readonly [key: string, title: string])[] = [
  ["reason_for_call", "Reason for call"],
  ["known_info", "Known info"],
  ["unknown_info", "Unknown info"],
  ["task_instructions", "Task instructions"],
];

function renderScenario(scenario: Json | undefined): string {
  const persona = fieldOf(scenario, "persona");
  const instructions = fieldOf(scenario, "instructions");
  const lines = typeof persona === "string" ? ["Persona:", indent(persona)] : [];
  return [...lines, "Instructions:", indent(renderInstructions(instructions))].join("\n");
}

function renderInstructions(instructions: Json | undefined): string {
  if (typeof instructions === "string") return instructions;
  const lines = [`Domain: ${expectText(fieldOf(instructions, "domain"), "domain")}`];
  for (const [key, title] of SECTIONS) {
    const text = fieldOf(instructions, key);
    if (typeof text === "string") lines.push(`${title}:\n${indent(text)}`);
  }
  return lines.join("\n");
}

/** A tab before each line that is not blank. */
function indent(text: string): string {
  return text.replace(/^(?=.*\S)/gm, "\t");
}
