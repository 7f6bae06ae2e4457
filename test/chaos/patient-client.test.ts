/** A strict and patient client gets its work done in a storm: nothing skipped, nothing twice. */
import { describe, expect, test } from "vitest";
import { faultPlan, oracleModel, type Action, type ExchangeRecord } from "../../src/chaos/door.ts";
import { canonicalJson, isJsonObject, parseJson } from "../../src/std/json.ts";
import { exchange } from "./faults/raw-exchange.ts";
import { readAnswer, type ReadAnswer, type ReadCall } from "./faults/read-answer.ts";
import { serve } from "./served.ts";

const ACTIONS: readonly Action[] = [
  { name: "find", arguments: { order: "A-1", page: 2 } },
  { name: "refund", arguments: { order: "A-1", cents: 500, reason: { code: "late" } } },
  { name: "refund", arguments: { order: "A-2", cents: 700, reason: { code: "lost" } } },
  { name: "notify", arguments: { to: "ann", urgent: true } },
];
const WANTED = ACTIONS.map((action) => `${action.name} ${canonicalJson(action.arguments)}`);
const tools = ["find", "refund", "notify"].map((name) => ({
  type: "function",
  function: { name, parameters: { type: "object" } },
}));

/** What a tool of this business accepts: exactly what one of the actions looks like. */
function accepts(call: ReadCall): string | undefined {
  const parsed = parseJson(call.argumentsText);
  if (!parsed.ok || !isJsonObject(parsed.value)) return undefined;
  const text = `${call.name} ${canonicalJson(parsed.value)}`;
  return WANTED.includes(text) ? text : undefined;
}

interface Client {
  readonly url: string;
  readonly stream: boolean;
}

const ATTEMPTS_MAX = 12;

/** Asks until an answer is whole and says why it ended. */
async function ask({ url, stream }: Client, messages: readonly object[]): Promise<ReadAnswer> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const body = { model: "any", messages, tools, stream };
    const seen = await exchange({ url: `${url}/chat/completions`, body, patienceMs: 250 });
    if (seen.status !== 200 || seen.ended !== "whole") continue;
    const read = readAnswer({ dialect: "openai-chat", stream }, seen.text);
    const isCut = stream && !/data: ?(\[DONE\])/.test(seen.text);
    const isGood = read.finish === "stop" || read.finish === "tool_calls";
    const isError = read.events.some((event) => isJsonObject(event) && "error" in event);
    if (isGood && !isCut && !isError) return read;
  }
  throw new Error(`no whole answer in ${ATTEMPTS_MAX} attempts`);
}

interface Done {
  readonly performed: readonly string[];
  readonly turns: number;
}

async function work(client: Client): Promise<Done> {
  const messages: object[] = [{ role: "user", content: "Please do the work." }];
  const performed: string[] = [];
  for (let turn = 1; turn < 60; turn++) {
    const { calls, text } = await ask(client, messages);
    if (calls.length === 0) {
      if (text === "All done.") return { performed, turns: turn };
      messages.push({ role: "assistant", content: text });
      messages.push({ role: "user", content: "Please go on." });
      continue;
    }
    const once = new Map(calls.map((call) => [`${call.name} ${call.argumentsText}`, call]));
    const kept = [...once.values()].map((call, index) => ({
      call,
      id: `call_kept_${turn}_${index}`,
    }));
    // Ids that a provider would not take back are replaced; good ones are kept.
    const usable = kept.map(({ call, id }) => ({
      call,
      id: typeof call.id === "string" && /^call_\w{10,40}$/.test(call.id) ? call.id : id,
    }));
    messages.push({
      role: "assistant",
      content: text,
      tool_calls: usable.map(({ call, id }) => ({
        id,
        type: "function",
        function: { name: call.name, arguments: call.argumentsText },
      })),
    });
    for (const { call, id } of usable) {
      const accepted = accepts(call);
      if (accepted !== undefined) performed.push(accepted);
      const content = accepted === undefined ? "This call is not valid." : "ok";
      messages.push({ role: "tool", tool_call_id: id, content });
    }
  }
  return { performed, turns: 60 };
}

/** Every fault of a storm, those that only take time left out. */
const TIMED = /^(slow_loris|latency|buffered_stream|giant_event|tiny_packets|args_huge)/;

describe.each([false, true])("in a storm, with stream: %s", (stream) => {
  test("every action is done once and in order", async () => {
    const told: ExchangeRecord[] = [];
    const plan = faultPlan({ profile: "storm", rate: 0.5, seed: 11 });
    const server = await serve({
      models: (key) => oracleModel({ key, actions: ACTIONS, finalText: "All done." }),
      faults: {
        next: (asked) => plan.next(asked).filter(({ fault }) => !TIMED.test(fault.name)),
      },
      // It does not wait: what is tried here is how it reads.
      gate: null,
      onExchange: (record) => told.push(record),
    });
    const runs = Array.from({ length: 40 }, (_, run) => `run ${run}`);
    for (let at = 0; at < runs.length; at += 8) {
      const batch = runs.slice(at, at + 8);
      const done = await Promise.all(batch.map((run) => work({ url: server.urlFor(run), stream })));
      for (const { performed } of done) expect(performed).toEqual(WANTED);
    }
    const names = new Set(told.flatMap(({ faults }) => faults));
    expect(names.size).toBeGreaterThan(50);
  }, 120_000);
});
