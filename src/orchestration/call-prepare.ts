/**
 * First of a call's three verbs: resolve the name, parse, validate, decide. Whatever is wrong
 * becomes an observation with the fix; nothing here ends a run.
 */
import type { RefusalCode } from "../journal/event.ts";
import type { ApprovalRequested } from "../journal/governance-event.ts";
import { hashArgs, type Call, type OpenDoubt, type RetainedKey } from "../journal/run.ts";
import { canonicalJson, type Json } from "../std/json.ts";
import { wroteName } from "./call-name.ts";
import type { Tool } from "../tools/tool.ts";
import type { Agent } from "./agent.ts";
import { decideOnCall } from "./call-decide.ts";
import type { Circuits } from "./circuits.ts";
import type { Governing } from "./governing.ts";
import {
  cancelledCall,
  cutOffInput,
  danglingHandle,
  deniedCall,
  fullCall,
  invalidInput,
  limitCall,
  malformedInput,
  timeOver,
  unavailableCall,
  unknownTool,
} from "./observation.ts";
import type { Trust } from "./provenance.ts";
import type { Session } from "./session.ts";
import type { Slots } from "./slots.ts";

/** What every call of a run goes through. */
export interface CallOptions {
  readonly agent: Agent;
  readonly governing: Governing;
  /** Where values come from; null for an agent that declares nothing about it. */
  readonly trust: Trust | null;
  readonly slots: Slots;
  readonly circuits: Circuits;
}

/** A call that may run: its arguments validated, frozen, hashed, and allowed. */
export interface Prepared {
  readonly kind: "prepared";
  readonly call: Call;
  readonly tool: Tool;
  readonly input: Json;
  /** Canonical text differs from what the model wrote (defaults, transforms). */
  readonly isChanged: boolean;
  readonly argsHash: string;
  /** An earlier identical call whose outcome is not known: this one goes under its key. */
  readonly continues: OpenDoubt | RetainedKey | null;
  /** The rules that allowed it. */
  readonly rules: readonly string[];
  /** False: a place or a rate must be waited for before it is claimed. */
  readonly hasRoom: boolean;
}

/** A call that a person is asked about. */
export interface Waiting {
  readonly kind: "waiting";
  readonly asked: ApprovalRequested;
}

export interface Refused {
  readonly kind: "refused";
  readonly code: RefusalCode;
  readonly observation: string;
  /** The observation may hold words from outside. */
  readonly quotes?: true;
  readonly rules?: readonly string[];
}

export async function prepareCall(
  session: Session,
  call: Call,
  options: CallOptions,
): Promise<Prepared | Waiting | Refused> {
  const { agent } = options;
  const early = refuseEarly(session, call);
  if (early !== null) return early;
  const tool = agent.tools.get(call.tool);
  if (tool === undefined) {
    return refuse("unknown_tool", unknownTool(wroteName(call.tool), [...agent.tools.keys()]));
  }
  const resolved = options.trust?.resolve(call) ?? { ok: true, input: call.input };
  if (!resolved.ok) return refuse("invalid_input", danglingHandle(resolved.reason));
  const checking = tool.schema.check(resolved.input);
  const checked = checking instanceof Promise ? await checking : checking;
  if (!checked.ok) {
    const told = invalidInput(checked.problems, tool.schema.jsonSchema);
    const refused = refuse("invalid_input", told);
    return checked.isOwn === undefined ? refused : { ...refused, quotes: true };
  }
  const input = deepFreeze(checked.value);
  const argsHash = hashArgs(input);
  const deciding = decideOnCall(session, { call, tool, input, argsHash }, options);
  const decided = deciding instanceof Promise ? await deciding : deciding;
  if (decided.kind === "deny") {
    const { reason, rules, quotes } = decided;
    const refused = { ...refuse("denied", deniedCall(reason)), rules };
    return quotes === undefined ? refused : { ...refused, quotes };
  }
  if (decided.kind === "unavailable") {
    const { reason, rules } = decided;
    return { ...refuse("unavailable", unavailableCall(reason)), rules };
  }
  if (decided.kind === "full") return refuse("limit", fullCall(decided.reason));
  if (decided.kind === "wait") return { kind: "waiting", asked: decided.asked };
  // The very value that was checked is unchanged; only a copy has to be compared.
  const isChanged = input !== call.input && canonicalJson(call.input) !== canonicalJson(input);
  const continues = earlierDoubt(session, tool.name, argsHash);
  const { rules, hasRoom } = decided;
  return { kind: "prepared", call, tool, input, isChanged, argsHash, continues, rules, hasRoom };
}

/** What can be refused before the tool is even looked up. */
function refuseEarly(session: Session, call: Call): Refused | null {
  const { state } = session;
  if (state.cancel !== null) return refuse("cancelled", cancelledCall());
  if (isOverWall(session)) return refuse("limit", timeOver());
  const callsMax = state.created?.limits.callsMax ?? 0;
  const position = state.calls.indexOf(call);
  const before = state.callCount - state.calls.length;
  if (before + position >= callsMax) return refuse("limit", limitCall(callsMax));
  const cut = cutOffInput(state.finish);
  if (cut !== null) return refuse("malformed", cut);
  if (call.malformed !== undefined) return refuse("malformed", malformedInput(call.malformed));
  return null;
}

function isOverWall(session: Session): boolean {
  const { created, createdAt } = session.state;
  const wallMs = created?.limits.wallMs ?? 0;
  return session.isOverWall || session.clock.now() >= createdAt + wallMs;
}

function refuse(code: RefusalCode, observation: string): Refused {
  return { kind: "refused", code, observation };
}

function earlierDoubt(
  session: Session,
  tool: string,
  argsHash: string,
): OpenDoubt | RetainedKey | null {
  const { doubts, retained } = session.state;
  const isSame = (open: { tool: string; argsHash: string }): boolean =>
    open.tool === tool && open.argsHash === argsHash;
  return doubts.find(isSame) ?? retained.find(isSame) ?? null;
}

function deepFreeze(value: Json): Json {
  if (typeof value !== "object" || value === null) return value;
  for (const member of Object.values(value)) if (member !== undefined) deepFreeze(member);
  return Object.freeze(value);
}
