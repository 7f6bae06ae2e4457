/** The loop that everybody writes first: no library, no retries, no checks. */
import { errorMessage } from "../../../src/std/error.ts";
import type { Json } from "../../../src/std/json.ts";
import type { WireDesk } from "../desk.ts";
import type { Claim } from "../score.ts";
import { API_KEY, MODEL_ID, TURNS_MAX, type Peer, type PlayAt } from "./peer.ts";

interface Message {
  readonly role: string;
  readonly content: string | null;
  readonly tool_call_id?: string;
  readonly tool_calls?: readonly {
    readonly id: string;
    readonly function: { readonly name: string; readonly arguments: string };
  }[];
}

export const bareLoop: Peer = {
  name: "bare loop",
  version: "fetch",
  settings: "whole answers, no retries; what a tool throws is fed back",
  play: async (desk, at) => {
    try {
      return await converse(desk, at);
    } catch (thrown) {
      return { claimedDone: false, error: errorMessage(thrown) };
    }
  },
};

async function converse(desk: WireDesk, at: PlayAt): Promise<Claim> {
  const messages: Message[] = [
    { role: "system", content: desk.instructions },
    { role: "user", content: desk.prompt },
  ];
  for (let turn = 0; turn < TURNS_MAX; turn++) {
    const message = await ask(desk, at, messages);
    messages.push(message);
    const calls = message.tool_calls ?? [];
    if (calls.length === 0) return { claimedDone: true };
    for (const { id, function: called } of calls) {
      const content = act(desk, called.name, called.arguments);
      messages.push({ role: "tool", tool_call_id: id, content });
    }
  }
  return { claimedDone: false, error: "too many turns" };
}

async function ask(desk: WireDesk, at: PlayAt, messages: readonly Message[]): Promise<Message> {
  const tools = desk.tools.map(({ name, description, parameters }) => ({
    type: "function",
    function: { name, description, parameters },
  }));
  const response = await fetch(`${at.baseURL}/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${API_KEY}` },
    body: JSON.stringify({ model: MODEL_ID, messages, tools }),
    signal: AbortSignal.any([at.signal, AbortSignal.timeout(at.patienceMs)]),
  });
  if (!response.ok) throw new Error(`HTTP ${response.status}: ${await response.text()}`);
  // Trusted as it comes, which is what such a loop does.
  const completion = (await response.json()) as { readonly choices: [{ message: Message }] };
  return completion.choices[0].message;
}

function act(desk: WireDesk, name: string, argumentsText: string): string {
  try {
    const tool = desk.tools.find((candidate) => candidate.name === name);
    if (tool === undefined) throw new Error(`there is no tool ${name}`);
    const input: Json = JSON.parse(argumentsText);
    const output = tool.run(input);
    return typeof output === "string" ? output : JSON.stringify(output);
  } catch (thrown) {
    return `Error: ${errorMessage(thrown)}`;
  }
}
