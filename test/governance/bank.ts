import type { Json } from "../../src/std/json.ts";
import type { Label } from "../../src/governance/label.ts";
import { parsePlan } from "../../src/governance/plan.ts";
import { judgeCall, type CallJudgement } from "../../src/governance/provenance.ts";
import {
  prepareLabels,
  type PreparedLabels,
  type ToolLabels,
} from "../../src/governance/tool-labels.ts";
import {
  addCall,
  addOutput,
  addPlan,
  addText,
  emptyTrust,
  type TrustIndex,
} from "../../src/governance/trust.ts";

type ToolName = "transfers" | "mails" | "contacts" | "person" | "pay" | "send" | "change" | "login";

/** The tools of a small bank with a mailbox, labelled as their author would. */
const declared = (name: string, isWrite: boolean, labels: ToolLabels): PreparedLabels =>
  prepareLabels({ name, isWrite }, labels);

export const tools: { readonly [name in ToolName]: PreparedLabels } = {
  transfers: declared("transfers", false, {
    output: {
      "/received": "platform",
      "/received/*/note": "untrusted",
      "/orders": "platform",
    },
  }),
  mails: declared("mails", false, { output: { "/*/id": "platform" } }),
  contacts: declared("contacts", false, { output: { "": "directory", "/*/remark": "untrusted" } }),
  person: declared("person", false, {
    output: { "": { integrity: "platform", readers: ["ann@home.org"] } },
  }),
  pay: declared("pay", true, {
    output: { "/id": "platform" },
    sensitive: { to: "destination", amount: "amount", note: "content" },
  }),
  send: declared("send", true, {
    output: { "/id": "platform" },
    sensitive: { to: "destination", body: "content" },
  }),
  change: declared("change", true, { output: {}, sensitive: { id: "selector", amount: "amount" } }),
  login: declared("login", true, { output: {}, sensitive: { password: "credential" } }),
};

export const user: Label = { integrity: "user", source: "prompt", readers: "anyone" };

/** A run that has been asked this. */
export function asked(prompt: string, planning: "frozen" | "none" = "none"): TrustIndex {
  return addText(emptyTrust(planning), prompt, user);
}

/** The run after a call and its result; a number in the call's id keeps calls apart. */
export function returned(
  index: TrustIndex,
  tool: PreparedLabels,
  result: { readonly input?: Json; readonly output: Json; readonly callId?: string },
): TrustIndex {
  const { input = {}, output, callId = `t${index.outputs.length}c0` } = result;
  const called = addCall(index, { callId, tool: tool.tool, input });
  const standing = tool.isWrite ? "trusted" : "read";
  return addOutput(called, { callId, input, output, labels: tool, standing });
}

export function planned(index: TrustIndex, steps: Json): TrustIndex {
  const parsed = parsePlan({ steps });
  if (!parsed.ok) throw new Error(parsed.reason);
  return addPlan(index, parsed.plan);
}

/** The judgement of a call that the model writes now. */
export function judged(index: TrustIndex, labels: PreparedLabels, input: Json): CallJudgement {
  return judgeCall(addCall(index, { callId: "now", tool: labels.tool, input }), {
    callId: "now",
    labels,
    input,
  });
}

/** What was found of each argument: `/to named`, with a `?` before what is doubtful. */
export function groundsOf(judgement: CallJudgement): readonly string[] {
  return judgement.arguments.map(
    ({ path, isTrusted, ground }) => `${isTrusted ? "" : "? "}${path} ${ground}`,
  );
}
