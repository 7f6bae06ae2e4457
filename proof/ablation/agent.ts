/**
 * The agent of one arm: the domain's desk with the protections that the arm has, each declared as
 * any user of the harness would declare it.
 *
 * A1 The harness is told nothing of a task but its request. What is checked comes from the
 *    customer's own answers, the state and the written policy.
 * A2 Every arm has the same tools, descriptions and limits: the model sees the same desk.
 */
import { agent, must, never, read } from "../../src/index.ts";
import type { AgentDefinition, ToolDefinition } from "../../src/index.ts";
import type { DecisionPoint, Verdict } from "../../src/governance/decide.ts";
import type { Obligation } from "../../src/journal/intent.ts";
import { isJsonObject, type Json, type JsonObject } from "../../src/std/json.ts";
import type { Desks, TaskInput } from "../tau/agent.ts";
import { customerTools, FREE_WORDED } from "../tau/customer.ts";
import type { Domain } from "../tau/data.ts";
import { ToolRefusal } from "../tau/tool.ts";
import type { Arm } from "./arms.ts";
import { isAgreed, talkOf, unagreed, type Customers, type Write } from "./customers.ts";
import { RULES, type Met } from "./rules.ts";
import { writesOf } from "./script.ts";

/** One domain's desk as all arms share it. */
export interface Desk {
  readonly domain: Domain;
  readonly desks: Desks;
  readonly customers: Customers;
  readonly model: NonNullable<AgentDefinition["model"]>;
}

/** How often unmet checks go back to the model: more often than a run is likely to stop early. */
const ROUNDS_MAX = 5;

export function armAgent(desk: Desk, arm: Arm): AgentDefinition<TaskInput> {
  const { domain, model, customers } = desk;
  const { gate, confirm, policy } = arm.has;
  return agent<TaskInput>({
    name: agentName(domain, arm),
    model,
    instructions: domain.policy,
    prompt: ({ request }) => request,
    tools: toolsOf(desk, arm),
    limits: { turnsMax: 150, callsMax: 300 },
    ...(gate
      ? { gate: { roundsMax: ROUNDS_MAX }, done: doneWhen(customers, writesOf(domain)) }
      : {}),
    ...(gate && confirm ? { effects: "obliged" } : {}),
    ...(policy ? { policies: RULES[domain.name].policies, facts: factsOf(desk) } : {}),
  });
}

function agentName({ name }: Domain, arm: Arm): string {
  return `${name}-${arm.name}`;
}

/** The end, by the customer's own word and the receipts. Agreed writes are obligations. */
function doneWhen(
  customers: Customers,
  writes: ReadonlySet<string>,
): NonNullable<AgentDefinition<TaskInput>["done"]> {
  return [
    must("the customer wants nothing more", async ({ runId }) => {
      const { isDone, text } = (await customers.of(runId)).remaining();
      return isDone || text;
    }),
    never("something was changed that the customer had not agreed to", async (facts) => {
      const made = facts.receipts.filter(({ tool }) => writes.has(tool));
      const wrong = unagreed(await customers.of(facts.runId), made);
      return wrong.map(({ tool }) => `one ${tool} was not agreed to`);
    }),
  ];
}

function toolsOf(desk: Desk, { has }: Arm): Readonly<Record<string, ToolDefinition>> {
  const { domain, desks, customers } = desk;
  const { ask_customer } = customerTools((runId) => customers.of(runId));
  const named = Object.entries(desks.tools).map(([name, tool]) => {
    const acts = has.policy ? RULES[domain.name].typeOf(name) : null;
    if (acts === null) return [name, tool] as const;
    const of = async (input: JsonObject, { runId }: { readonly runId: string }) => {
      const found = RULES[domain.name].resourceOf({
        ...(await metBy(desk, runId)),
        tool: name,
        input,
      });
      if (found === null) throw new ToolRefusal("there is no such thing");
      return found;
    };
    return [name, { ...tool, resource: { type: acts.type, attributes: acts.schema, of } }] as const;
  });
  // Asking changes nothing of the shop's. A question asked again under its key is answered alike.
  const ask = { ...ask_customer, effect: read(), ...(has.gate ? { obliges } : {}) };
  return { ...Object.fromEntries(named), ask_customer: ask };
}

/** A yes obliges: the write that was agreed to must be made, as it was agreed to. */
function obliges({
  input: { tool, input },
  output,
}: {
  readonly input: JsonObject;
  readonly output: Json;
}): readonly Obligation[] {
  const agreement = isJsonObject(output) ? output["agreement"] : null;
  if (typeof agreement !== "number" || typeof tool !== "string" || !isJsonObject(input)) return [];
  const what = `make the change number ${agreement} that the customer agreed to`;
  const exactly = tool === FREE_WORDED ? {} : { input };
  return [{ id: `agreement-${agreement}`, what, tool, ...exactly }];
}

/**
 * Confirmation alone, for arms without obligations: a write that the customer has agreed to, not
 * more often than they did.
 */
export function confirmedOnly(desk: Desk): DecisionPoint {
  const { domain, desks, customers } = desk;
  const writes = writesOf(domain);
  return async ({ runId, tool, input }): Promise<Verdict> => {
    if (!writes.has(tool)) return { kind: "allow", rules: [] };
    const customer = await customers.of(runId);
    const made = desks.callsOf(runId).flatMap((call): readonly Write[] => {
      return call.kind === "result" ? [{ tool: call.name, input: call.arguments }] : [];
    });
    const rules = ["confirm/agreed"];
    if (isAgreed(customer, { tool, input }, made)) return { kind: "allow", rules };
    return { kind: "deny", rules, reason: "the customer has not agreed to exactly this" };
  };
}

/** The agents of this domain that `confirmedOnly` decides for. */
export function decidesFor(domain: Domain, arms: readonly Arm[]): ReadonlySet<string> {
  const alone = arms.filter(({ has }) => has.confirm && !has.gate);
  return new Set(alone.map((arm) => agentName(domain, arm)));
}

function factsOf(desk: Desk): NonNullable<AgentDefinition<TaskInput>["facts"]> {
  const { factsSchema, factsOf: facts } = RULES[desk.domain.name];
  return {
    schema: factsSchema,
    of: async ({ runId, tool, call, input }) => {
      const met = await metBy(desk, runId, input.request);
      return facts({ ...met, tool: tool ?? "", input: isJsonObject(call) ? call : {} });
    },
  };
}

async function metBy(
  { desks, customers }: Desk,
  runId: string,
  request = "",
): Promise<Omit<Met, "tool" | "input">> {
  const customer = await customers.of(runId);
  const talk = talkOf(request, customer);
  return { db: desks.dbOf(runId), made: desks.callsOf(runId), talk };
}
