/** What a piece of work becomes when it is accepted: its input checked, its intent fixed. */
import type { EventBody, Principal, RunLimits } from "../journal/event.ts";
import type { HeldObligation, Intent } from "../journal/intent.ts";
import { BridleError, errorMessage } from "../std/error.ts";
import { hashJson } from "../std/hash.ts";
import { canonicalJson, toJson, type Json } from "../std/json.ts";
import type { Agent } from "./agent.ts";
import { checkLimits } from "./prepare-agent.ts";
import { keptIntent, keptObligation, prepareCondition, prepareForbidden } from "./intent.ts";
import { checkObligations } from "./obligation.ts";

export interface StartOptions<Input = Json> {
  readonly input: Input;
  readonly principal?: Principal;
  readonly idempotencyKey?: string;
  /** May only lower the agent's limits. */
  readonly limits?: Partial<RunLimits>;
  /** What this run is for, beyond what the agent declares. Fixed from here on. */
  readonly intent?: Intent;
}

type AnyOptions = Omit<StartOptions<unknown>, "input">;

/** The longest input, in characters of JSON. */
const INPUT_CHARS_MAX = 4 * 1024 * 1024;

/** The same idempotency key with another hash is other work. */
export function requestHashOf(agent: Agent, input: Json, options: AnyOptions): string {
  const { intent } = options;
  const wanted = intent === undefined ? {} : { intent: toJson(intent) };
  return hashJson({ agent: agent.name, input, ...wanted });
}

export async function checkInput(agent: Agent, given: unknown): Promise<Json> {
  const input = inputJson(given, agent.name);
  const size = canonicalJson(input).length;
  if (size > INPUT_CHARS_MAX) {
    throw new BridleError("input_too_large", `The input has ${size} characters of JSON`, {
      hint: `At most ${INPUT_CHARS_MAX}: store the content elsewhere and pass a reference.`,
    });
  }
  if (agent.inputSchema === null) return input;
  const checked = await agent.inputSchema.check(input);
  if (checked.ok) return checked.value;
  const problems = checked.problems.map(({ path, message }) => `${path || "input"}: ${message}`);
  throw new BridleError("input_invalid", `The input does not fit agent "${agent.name}"`, {
    hint: problems.join("; "),
  });
}

function inputJson(given: unknown, agentName: string): Json {
  try {
    return toJson(given);
  } catch (thrown) {
    throw new BridleError("input_invalid", `The input for agent "${agentName}" is not JSON`, {
      hint: errorMessage(thrown),
      cause: thrown,
    });
  }
}

export async function createdEvent(given: {
  readonly agent: Agent;
  readonly runId: string;
  readonly input: Json;
  readonly options: AnyOptions;
}): Promise<Extract<EventBody, { kind: "run.created" }>> {
  const { agent, runId, input, options } = given;
  const { principal, idempotencyKey } = options;
  const asked = checkLimits({ ...agent.limits, ...options.limits }, "start");
  const { intent, obligations } = await intentOf(agent, input, options.intent ?? {});
  // The author's own input type, which the schema has just checked.
  const prompt = agent.definition.prompt?.(input as never) ?? textOf(input);
  return {
    kind: "run.created",
    agent: agent.name,
    fingerprints: agent.fingerprints,
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    input,
    ...(intent === undefined ? {} : { intent }),
    limits: {
      callsMax: Math.min(asked.callsMax, agent.limits.callsMax),
      tokensMax: Math.min(asked.tokensMax, agent.limits.tokensMax),
      turnsMax: Math.min(asked.turnsMax, agent.limits.turnsMax),
      wallMs: Math.min(asked.wallMs, agent.limits.wallMs),
    },
    ...(obligations.length === 0 ? {} : { obligations }),
    ...(principal === undefined ? {} : { principal: keptPrincipal(principal) }),
    prompt,
    runId,
  };
}

/** What the run must do, from both sides, checked so that it can be met. */
async function intentOf(
  agent: Agent,
  input: Json,
  given: Intent,
): Promise<{ readonly intent?: Intent | undefined; readonly obligations: HeldObligation[] }> {
  const tools = [...agent.tools.keys()];
  for (const condition of given.conditions ?? []) {
    await prepareCondition(condition, { where: "The intent", tools });
  }
  for (const forbidden of given.forbidden ?? []) {
    await prepareForbidden(forbidden, { where: "The intent", tools });
  }
  const names = new Set(tools);
  const wanted = checkObligations(given.obligations ?? [], { where: "The intent", tools: names });
  // The author's own input type, which the schema has just checked.
  const declared = agent.definition.obligations?.(input as never) ?? [];
  const where = `Agent "${agent.name}"`;
  checkObligations(declared, { where, tools: names, taken: wanted });
  return {
    intent: keptIntent(given),
    obligations: [
      ...wanted.map((each) => ({ ...keptObligation(each), source: "intent" })),
      ...declared.map((each) => ({ ...keptObligation(each), source: "agent" })),
    ],
  };
}

function keptPrincipal({ id, kind, roles, tenant }: Principal): Principal {
  return {
    id,
    ...(kind === undefined ? {} : { kind }),
    ...(roles === undefined ? {} : { roles }),
    ...(tenant === undefined ? {} : { tenant }),
  };
}

function textOf(input: Json): string {
  return typeof input === "string" ? input : JSON.stringify(input, null, 2);
}
