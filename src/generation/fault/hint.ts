import type { ModelFault } from "../../journal/model-fault.ts";
import { unreachable } from "../../std/assert.ts";
import { formatDuration } from "../../std/duration.ts";
import { keyOf } from "../provider-key.ts";

/** Which model was asked, as the model object names itself. */
export interface Asked {
  /** As the AI SDK names it: `openai`, or with an API behind it, `openai.responses`. */
  readonly provider: string;
  readonly modelId: string;
}

type Of<K extends ModelFault["kind"]> = Extract<ModelFault, { readonly kind: K }>;

/** One sentence with the next step for a person. */
export function faultHint(fault: ModelFault, about: Asked): string {
  const { provider, modelId } = about;
  switch (fault.kind) {
    case "rate_limited":
      return `${waitOf(fault)}, run fewer at a time, or name a second route for the agent's model.`;
    case "overloaded":
    case "unavailable":
      return `${waitOf(fault)}, or name a second route for the agent's model.`;
    case "unreachable":
      return hintOfUnreachable(fault, provider);
    case "quota_exhausted":
      return `Add credit or raise the limit in the account at ${provider}, or name another route.`;
    case "context_overflow":
      return hintOfOverflow(fault, modelId);
    case "invalid_request":
      return hintOfRequest(fault, about);
    case "auth":
      return hintOfAuth(fault, about);
    case "content_filtered":
      return "Look at the prompt and the last tool results for what the filter objects to.";
    case "refused":
      return `Rephrase the task so that ${modelId} may do it, or name another route.`;
    case "truncated":
      return "Raise maxOutputTokens, or ask for less in one answer.";
    case "stream_broken":
      return `Ask again; if it recurs, look at proxies between here and ${provider}.`;
    case "timeout":
      return hintOfTimeout(fault, provider);
    case "malformed":
      return `Check that the address answers as ${provider} does, and what proxy is in between.`;
    case "model_switched":
      return `Pin ${fault.asked} at the provider, or allow ${fault.answered} as a route.`;
    case "aborted":
      return "Start or resume the run when it is wanted again.";
    case "unknown":
      return `Read the message; if it is a fault of ${provider}, report its text to us.`;
    default:
      return unreachable(fault, "faultHint");
  }
}

function waitOf({ retryAfterMs }: { readonly retryAfterMs?: number }): string {
  if (retryAfterMs === undefined) return "Ask again later";
  return `Ask again in ${formatDuration(retryAfterMs)}`;
}

function hintOfUnreachable({ why }: Of<"unreachable">, provider: string): string {
  switch (why) {
    case "certificate":
      return "Have Node trust the certificate (NODE_EXTRA_CA_CERTS), or correct the address.";
    case "dns":
      return `Check the spelling of the address of ${provider} and this machine's name server.`;
    case "refused":
      return `Nobody listens at the address of ${provider}: start the server or correct its port.`;
    case "reset":
    case "network":
      return `Check this machine's way to ${provider}: proxy, firewall, VPN; then ask again.`;
    default:
      return unreachable(why, "hintOfUnreachable");
  }
}

function hintOfOverflow({ tokens, tokensMax }: Of<"context_overflow">, modelId: string): string {
  const counted = tokens === undefined || tokensMax === undefined;
  const most = tokensMax === undefined ? "what fits" : `${tokensMax} tokens`;
  const size = counted ? `below ${most}` : `from ${tokens} tokens to ${most}`;
  return `Bring the prompt and its reserved output ${size}, or use a model larger than ${modelId}.`;
}

function hintOfRequest({ about }: Of<"invalid_request">, { provider, modelId }: Asked): string {
  switch (about) {
    case "history":
      return "Repair the conversation: each tool call needs its result, reasoning goes back as is.";
    case "model":
      return `Check that ${provider} offers "${modelId}" and that the account may use it.`;
    case "address":
      return `Correct the base address of ${provider}; most end in /v1.`;
    case "size":
      return "Send less in one request: fewer or smaller files, images and tool results.";
    case "other":
      return `Read the message: ${provider} refuses this request, and will refuse it again.`;
    default:
      return unreachable(about, "hintOfRequest");
  }
}

function hintOfAuth({ status }: Of<"auth">, { provider, modelId }: Asked): string {
  if (status === 407) return "Give the proxy's user name and password in the proxy's address.";
  const known = keyOf(provider);
  const key = known === undefined ? `the key for ${provider}` : `the key in ${known.variable}`;
  if (status === 403) return `Check that ${key} may use ${modelId}, and from this region.`;
  const where = known === undefined ? "" : `; you get one at ${known.page}`;
  return `Check ${key}: it is missing, wrong or revoked${where}.`;
}

function hintOfTimeout({ phase }: Of<"timeout">, provider: string): string {
  switch (phase) {
    case "connect":
      return `Check this machine's way to ${provider}: proxy, firewall, VPN; then ask again.`;
    case "first_byte":
      return (
        "Look with `bridle doctor --provider` for a proxy that holds streams back, or set a " +
        "longer limit (modelRetry.firstByteMs)."
      );
    case "idle":
      return `Ask again; where ${provider} thinks long, set a longer limit (modelRetry.idleMs).`;
    case "total":
      return "Raise the time limit of an attempt (modelRetry.timeoutMs), or ask for less at once.";
    default:
      return unreachable(phase, "hintOfTimeout");
  }
}
