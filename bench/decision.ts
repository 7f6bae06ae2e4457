/**
 * What the whole decision on one call costs, from the model's arguments to allowed or not: schema,
 * canonical and frozen arguments, hash, intent, resource, labels, policies with a tally, rate,
 * concurrency and budgets. The waits for the store, durable in earnest, are measured apart: here
 * it is memory, and a reference that counts every tally anew. Prints one row.
 */
import { parseArgs } from "node:util";
import { agent, memoryStore, once, tool } from "../src/index.ts";
import type { EventBody } from "../src/journal/event.ts";
import { foldEvent } from "../src/journal/fold.ts";
import { emptyRun } from "../src/journal/run.ts";
import { prepareAgent } from "../src/orchestration/prepare-agent.ts";
import { createdEvent } from "../src/orchestration/accept.ts";
import { prepareCall } from "../src/orchestration/call-prepare.ts";
import { prepareGoverning } from "../src/orchestration/governing.ts";
import { openTrust } from "../src/orchestration/provenance.ts";
import { Session } from "../src/orchestration/session.ts";
import { Circuits } from "../src/orchestration/circuits.ts";
import { Slots } from "../src/orchestration/slots.ts";
import { systemClock } from "../src/std/clock.ts";

const { values } = parseArgs({
  options: { dir: { type: "string" }, count: { type: "string" } },
});
const SAMPLES = Number(values.count ?? 20_000);
const RULES = 100;

const example =
  '"input":{"order":"A1","cents":CENTS},"resource":{"id":"A1","attributes":{"worth":9000}}';
const call = (cents: number): string =>
  `{"tool":"refund",${example.replace("CENTS", String(cents))}`;

/** One permit, one cap over the day, and many more limits on the same tool. */
function policyText(): string {
  const lines = [
    "//@ tally today = sum_within(refund, input.cents, 24h, by user)",
    '@id("refund") permit (principal, action == Action::"refund", resource);',
    `//@ allow ${call(100)}}`,
    '@id("today") @reason("the day is full") forbid (principal, action == Action::"refund", resource)',
    "when { context.past.today + context.input.cents > 4000000000000 };",
    `//@ deny ${call(100)},"tallies":{"today":4000000000000}}`,
  ];
  for (let n = 0; n < RULES - 2; n++) {
    lines.push(
      `@id("cap${n}") @reason("cap") forbid (principal, action == Action::"refund", resource)`,
      `when { context.input.cents > ${5_000 + n} && resource.worth < ${10_000 + n} };`,
      `//@ deny ${call(6_000 + n)},"by":"cap${n}"}`,
    );
  }
  return lines.join("\n");
}

const desk = await prepareAgent(
  agent({
    name: "desk",
    model: { baseURL: "http://127.0.0.1:9/v1", modelId: "none" },
    instructions: "Refund what the customer names.",
    tools: {
      refund: tool({
        inputSchema: {
          type: "object",
          required: ["order", "cents"],
          properties: { order: { type: "string" }, cents: { type: "integer", minimum: 1 } },
        },
        effect: once(),
        sensitive: { "/order": "selector", "/cents": "amount" },
        resource: {
          type: "Order",
          attributes: {
            type: "object",
            required: ["worth"],
            properties: { worth: { type: "integer" } },
          },
          of: ({ order }: { order: string }) => ({ id: order, attributes: { worth: 9_000 } }),
        },
        limits: { rate: { count: 1_000_000, perMs: 1 }, concurrent: 1_000_000 },
        execute: () => "ok",
      }),
    },
    policies: { texts: [{ name: "bench.cedar", text: policyText() }] },
    limits: { callsMax: 1_000_000, turnsMax: 1_000_000 },
    budget: { usd: 1_000_000, calls: { refund: 1_000_000_000 } },
  }),
);

const store = memoryStore({ limits: { eventsPerRunMax: 1_000_000 } });
const runId = "bench";
const input = "Please refund order A1 with 100.";
const created = await createdEvent({
  agent: desk,
  runId,
  input,
  options: { principal: { id: "ann" } },
});
let storeUs = 0;
const reserve = store.reserve.bind(store);
store.reserve = async (reservation) => {
  const begun = performance.now();
  try {
    return await reserve(reservation);
  } finally {
    storeUs += (performance.now() - begun) * 1_000;
  }
};
const until = Date.now() + 3_600_000;
const at = Date.now();
const made = await store.create({
  runId,
  agent: "desk",
  lane: "bench",
  requestHash: "",
  created,
  at,
  lease: { owner: "bench", until },
});
if (made.kind !== "created" || made.fence === null) throw new Error("the run was not made");
const state = { ...foldEvent(emptyRun(runId), { ...created, seq: 1, at }), hash: made.hash };
const lease = { ms: 3_600_000, until };
const session = new Session({
  store,
  clock: systemClock,
  fence: made.fence,
  state,
  mustLook: false,
  hasLapsed: false,
  lease,
});
const trust = await openTrust(session, desk);
const options = {
  agent: desk,
  governing: prepareGoverning({}),
  slots: new Slots(),
  circuits: new Circuits(store, systemClock),
  trust,
};

function answer(turn: number): EventBody {
  const asked = { type: "tool-call", toolCallId: `c${turn}`, toolName: "refund" } as const;
  const content = [{ ...asked, input: { order: "A1", cents: 100 } }];
  return { kind: "model.answered", content, ms: 0, turn, usage: {} };
}

const times: number[] = [];
for (let turn = 1; turn <= SAMPLES; turn++) {
  session.push(answer(turn));
  const [asked] = session.state.calls;
  if (asked === undefined) throw new Error("no call");
  storeUs = 0;
  const begun = performance.now();
  const prepared = await prepareCall(session, asked, options);
  times.push((performance.now() - begun) * 1_000 - storeUs);
  if (prepared.kind !== "prepared") throw new Error(`not allowed: ${JSON.stringify(prepared)}`);
  session.push({ kind: "call.refused", callId: asked.callId, code: "cancelled", observation: "-" });
  session.settleCall(asked.callId, false);
  session.seen.clear();
  await session.flush();
}
const warm = times.slice(Math.floor(SAMPLES / 10)).toSorted((a, b) => a - b);
const share = (part: number): number =>
  Math.round((warm[Math.floor(warm.length * part)] ?? 0) * 10) / 10;
const row = {
  kind: "full decision",
  samples: warm.length,
  rules: RULES,
  p50Us: share(0.5),
  p99Us: share(0.99),
};
process.stdout.write(`${JSON.stringify(row)}\n`);
