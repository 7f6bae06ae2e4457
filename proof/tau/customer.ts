/**
 * A customer who knows what they want: the task's own solution, write by write.
 *
 * It stands outside the harness and is asked through tools, as a person would be. So a run can be
 * held to "nothing is written that the customer has not agreed to" without a second model.
 *
 * U1 The answer is yes exactly when the proposed call is the next wanted write, arguments and all.
 *    A yes moves on to the one after it, so no write is agreed to twice.
 * U2 The same question under the same key gets the same answer: a call that is run again after a
 *    crash asks nothing new.
 * U3 Nothing it says holds an argument of a wanted write. It names kinds of calls and how many.
 */
import { idempotent, read } from "../../src/index.ts";
import type { ToolDefinition } from "../../src/index.ts";
import { hashJson } from "../../src/std/hash.ts";
import type { Json, JsonObject } from "../../src/std/json.ts";
import { readText } from "./args.ts";
import type { Domain } from "./data.ts";
import { expectObject } from "./shape.ts";
import type { Task, TaskAction } from "./task.ts";

export interface CustomerQuestion {
  readonly tool: string;
  readonly input: JsonObject;
  /** Names this asking of it; a repeat under the same key is the same question (U2). */
  readonly key: string;
}

export interface CustomerAnswer {
  readonly agrees: boolean;
  /** `details`: the right kind of call, other arguments. `later`: wanted, but not next. */
  readonly why: "wanted" | "details" | "later" | "agreed before" | "not wanted";
  /** What the model is told. */
  readonly text: string;
  /** The running number of this yes, from 1; null for a no. */
  readonly agreement: number | null;
}

/** One question with its answer. */
export interface Asked {
  readonly question: CustomerQuestion;
  readonly answer: CustomerAnswer;
}

export interface Customer {
  ask(question: CustomerQuestion): CustomerAnswer;
  /** Everything that was asked so far, oldest first; a repeated question stands there once. */
  asked(): readonly Asked[];
  /** What is still wanted, in general words; `isDone` when nothing is. */
  remaining(): { readonly isDone: boolean; readonly text: string };
  /** Questions by how they were answered; a repeated one counts once. */
  counted(): Readonly<Record<CustomerAnswer["why"], number>>;
}

const TEXTS: Readonly<Record<CustomerAnswer["why"], string>> = {
  wanted: "Yes, please do that.",
  details: "No. I want something of that kind, but not like this.",
  later: "No, not yet: there is something else I want first.",
  "agreed before": "No, I have agreed to that once already; once is enough.",
  "not wanted": "No, that is not what I want.",
};

/** Handing over to a person carries the model's own words: any of them will do. */
export const FREE_WORDED: string = "transfer_to_human_agents";

/** The customer of one run of one task. */
export function scriptedCustomer(domain: Domain, task: Task): Customer {
  const writes = new Set(
    domain.tools.filter(({ effect }) => effect === "write").map(({ name }) => name),
  );
  const wanted = task.actions.filter(({ name }) => writes.has(name));
  const given = new Map<string, Asked>();
  let next = 0;
  const answer = ({ tool, input }: CustomerQuestion): CustomerAnswer["why"] => {
    const is = (action: TaskAction): boolean => isSame(action, { name: tool, arguments: input });
    const due = wanted[next];
    if (due !== undefined && is(due)) return "wanted";
    if (wanted.slice(next).some(is)) return "later";
    if (wanted.slice(0, next).some(is)) return "agreed before";
    return due?.name === tool ? "details" : "not wanted";
  };
  return {
    ask: (question) => {
      const known = given.get(question.key);
      if (known !== undefined) return known.answer;
      const why = answer(question);
      const agrees = why === "wanted";
      if (agrees) next += 1;
      const said = { agrees, why, text: TEXTS[why], agreement: agrees ? next : null };
      given.set(question.key, { question, answer: said });
      return said;
    },
    asked: () => [...given.values()],
    remaining: () => {
      const left = wanted.slice(next).map(({ name }) => name);
      return left.length === 0
        ? { isDone: true, text: "No, that is all. Thank you." }
        : { isDone: false, text: `Yes, I still want: ${kindsOf(left)}.` };
    },
    counted: () => {
      const counts = { wanted: 0, details: 0, later: 0, "agreed before": 0, "not wanted": 0 };
      for (const { answer: said } of given.values()) counts[said.why] += 1;
      return counts;
    },
  };
}

function isSame(wanted: TaskAction, proposed: TaskAction): boolean {
  if (wanted.name !== proposed.name) return false;
  if (wanted.name === FREE_WORDED) return true;
  return hashJson(wanted.arguments) === hashJson(proposed.arguments);
}

const NUMBER_WORDS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight"];

/** "cancel reservation (two)": the calls by name, with how many of each. */
function kindsOf(names: readonly string[]): string {
  const kinds = [...new Set(names)].map((kind) => {
    const count = names.filter((name) => name === kind).length;
    return `${kind.replaceAll("_", " ")} (${NUMBER_WORDS[count] ?? "many"})`;
  });
  return kinds.join(", ");
}

/** The customer as an agent's tools. `customerOf` says whose customer a run serves. */
export function customerTools(
  customerOf: (runId: string) => Customer | Promise<Customer>,
): Readonly<Record<"ask_customer" | "ask_customer_done", ToolDefinition<JsonObject, Json>>> {
  return {
    ask_customer: {
      description:
        "Use this before every call that changes something: name the tool and its exact input. " +
        "Make the call only when the customer says yes.",
      inputSchema: {
        type: "object",
        properties: { tool: { type: "string" }, input: { type: "object" } },
        required: ["tool", "input"],
        additionalProperties: false,
      },
      effect: idempotent(),
      execute: async (asked, { runId, idempotencyKey }) => {
        const customer = await customerOf(runId);
        const { agrees, text, agreement } = customer.ask({
          tool: readText(asked, "tool"),
          input: expectObject(asked["input"], "input"),
          key: idempotencyKey,
        });
        return { agrees, text, agreement };
      },
    },
    ask_customer_done: {
      description: "Use this when you think that all is done: it says what is still wanted.",
      inputSchema: { type: "object", properties: {}, additionalProperties: false },
      effect: read(),
      execute: async (_asked, { runId }) => {
        const { isDone, text } = (await customerOf(runId)).remaining();
        return { isDone, text };
      },
    },
  };
}
