/** Models, tools and agents for tests; usable in a process of its own too. */
import type { LanguageModelV4, LanguageModelV4CallOptions } from "@ai-sdk/provider";
import { agent, type AgentDefinition, type ToolDefinition } from "../../src/index.ts";

/** One tool call as a model writes it. `input` is sent as JSON, `text` as it is. */
export interface Ask {
  readonly tool: string;
  readonly input?: unknown;
  readonly text?: string;
  readonly id?: string;
}

/** What a model does in one turn. */
export type Turn =
  | string
  | { readonly calls: readonly Ask[]; readonly text?: string; readonly finish?: string }
  | { readonly text: string; readonly finish?: string }
  | { readonly content: readonly unknown[]; readonly finish?: string }
  | { readonly fails: unknown }
  | ((options: LanguageModelV4CallOptions) => Turn | Promise<Turn>);

export interface PlayedModel extends LanguageModelV4 {
  /** The requests it got, oldest first. */
  readonly requests: LanguageModelV4CallOptions[];
}

type Content = Awaited<ReturnType<LanguageModelV4["doGenerate"]>>["content"];

/**
 * A model object in this process that plays turns by the number of assistant messages it is
 * shown, so that a run that is resumed gets the same answer. Past the last turn it says "Done.".
 */
export function modelOf(...turns: readonly Turn[]): PlayedModel {
  const requests: LanguageModelV4CallOptions[] = [];
  const fails: unknown[] = turns.filter((turn) => isFailure(turn));
  const answers = turns.filter((turn) => !isFailure(turn));
  return {
    specificationVersion: "v4",
    provider: "played",
    modelId: "model",
    supportedUrls: {},
    requests,
    doGenerate: async (options) => {
      requests.push(options);
      const failure = fails.shift();
      if (isFailure(failure)) throw failure.fails;
      const said = options.prompt.filter((message) => message.role === "assistant").length;
      let turn = answers[said] ?? "Done.";
      while (typeof turn === "function") turn = await turn(options);
      if (isFailure(turn)) throw turn.fails;
      return answerOf(turn, said);
    },
    doStream: async () => {
      throw new Error("not played");
    },
  };
}

function isFailure(turn: unknown): turn is { readonly fails: unknown } {
  return typeof turn === "object" && turn !== null && "fails" in turn;
}

function answerOf(
  turn: Exclude<Turn, (options: LanguageModelV4CallOptions) => unknown>,
  said: number,
): Awaited<ReturnType<LanguageModelV4["doGenerate"]>> {
  const content: unknown[] = [];
  if (typeof turn === "string") content.push({ type: "text", text: turn });
  else if ("content" in turn) content.push(...turn.content);
  else if ("text" in turn) content.push({ type: "text", text: turn.text });
  const calls = typeof turn === "object" && "calls" in turn ? turn.calls : [];
  for (const [index, call] of calls.entries()) {
    content.push({
      type: "tool-call",
      toolCallId: call.id ?? `p${said}-${index}`,
      toolName: call.tool,
      input: call.text ?? JSON.stringify(call.input ?? {}),
    });
  }
  const usual = calls.length > 0 ? "tool-calls" : "stop";
  const finish = (typeof turn === "object" && "finish" in turn ? turn.finish : undefined) ?? usual;
  return {
    content: content as Content,
    finishReason: { unified: finish as "stop", raw: finish },
    usage: {
      inputTokens: { total: 10, noCache: 10, cacheRead: 0, cacheWrite: 0 },
      outputTokens: { total: 5, text: 5, reasoning: 0 },
    },
    warnings: [],
  };
}

export const anyObject = { type: "object" } as const;

/** A tool that takes any object; `parts` say the rest. */
export function toolOf(parts: Partial<ToolDefinition>): ToolDefinition {
  return { description: "Use this.", inputSchema: anyObject, execute: () => "ok", ...parts };
}

export function agentOf(
  model: AgentDefinition["model"],
  parts: Partial<AgentDefinition> = {},
): AgentDefinition {
  return agent({ name: "worker", model, instructions: "Work.", ...parts });
}

/** An error as Node's network stack throws it. */
export function network(code: string): Error {
  return Object.assign(new Error(code), { code });
}
