import type { ModelFault } from "../../journal/model-fault.ts";
import { unreachable } from "../../std/assert.ts";
import { formatDuration } from "../../std/duration.ts";

/** Which model was asked, as the model object names itself. */
export interface Asked {
  /** As the AI SDK names it: `openai`, or with an API behind it, `openai.responses`. */
  readonly provider: string;
  readonly modelId: string;
}

/** Where each provider's package looks for its key. */
const KEY_VARIABLES: Readonly<Record<string, string>> = {
  anthropic: "ANTHROPIC_API_KEY",
  azure: "AZURE_API_KEY",
  cerebras: "CEREBRAS_API_KEY",
  cohere: "COHERE_API_KEY",
  deepinfra: "DEEPINFRA_API_KEY",
  deepseek: "DEEPSEEK_API_KEY",
  fireworks: "FIREWORKS_API_KEY",
  gateway: "AI_GATEWAY_API_KEY",
  google: "GOOGLE_GENERATIVE_AI_API_KEY",
  groq: "GROQ_API_KEY",
  mistral: "MISTRAL_API_KEY",
  openai: "OPENAI_API_KEY",
  openrouter: "OPENROUTER_API_KEY",
  perplexity: "PERPLEXITY_API_KEY",
  togetherai: "TOGETHER_API_KEY",
  xai: "XAI_API_KEY",
};

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
  const variable = KEY_VARIABLES[provider.split(".")[0] ?? provider];
  const key = variable === undefined ? `the key for ${provider}` : `the key in ${variable}`;
  return status === 403
    ? `Check that ${key} may use ${modelId}, and from this region.`
    : `Check ${key}: it is missing, wrong or revoked.`;
}

function hintOfTimeout({ phase }: Of<"timeout">, provider: string): string {
  switch (phase) {
    case "connect":
      return `Check this machine's way to ${provider}: proxy, firewall, VPN; then ask again.`;
    case "first_byte":
    case "idle":
      return `Ask again; reasoning models may need a longer limit before ${provider} speaks.`;
    case "total":
      return "Raise the time limit of an attempt, or ask for less in one answer.";
    default:
      return unreachable(phase, "hintOfTimeout");
  }
}
