/**
 * The process that is killed. It does what a client and a worker do: accepts the work under an
 * idempotency key, works, waits for the outcome. Started again, it does exactly the same.
 */
import { join } from "node:path";
import {
  agent,
  embedded,
  harness,
  isBridleError,
  type Harness,
  type Run,
} from "../../src/index.ts";
import { sqlite } from "../../src/storage/sqlite/door.ts";
import { isJsonObject, parseJson, type JsonObject } from "../../src/std/json.ts";
import { openGate } from "./gate.ts";
import { killingStore } from "./killing-store.ts";
import { scenarioOf, STEERING } from "./scenario.ts";
import { crashTools } from "./tools.ts";

const given = readOrders(process.argv[2] ?? "");
const scenario = scenarioOf(given.scenario);
const gate = openGate(given.stopAt);
const store = killingStore(sqlite(join(given.folder, "journal.db")), gate);
/** What the person of this process has said something about. */
const settled = new Set<string>();
const balanceBegun = Promise.withResolvers<void>();

const clerk = agent({
  name: "clerk",
  model: { baseURL: given.modelUrl, modelId: "simulated" },
  instructions: "Pay what is ordered.",
  tools: crashTools({
    scenario,
    gate,
    ledgerUrl: given.ledgerUrl,
    folder: given.folder,
    onBalance: balanceBegun.resolve,
  }),
  inDoubt: scenario.inDoubt,
});
const agents = [clerk];

const front = await harness({ agents, store, work: false });
const run = await front.start(clerk, { input: given.tag, idempotencyKey: given.tag });
if (scenario.isSteered) await run.steer(STEERING, "hurry").catch(ignoreEnded);
let worker = await work();
if (scenario.isDrained && given.isFirst) {
  await balanceBegun.promise;
  await worker.drain();
  worker = await work();
}
const outcome = worker.run(run.runId).then((held) => held.outcome());
const person = scenario.inDoubt === "park" ? startPerson(run) : null;
const { kind, reason } = await outcome;
clearInterval(person ?? undefined);
await worker.close();
const { passed } = gate;
process.stdout.write(
  `${JSON.stringify({ runId: run.runId, kind, reason: reason.code, passed })}\n`,
);

function work(): Promise<Harness> {
  const engine = embedded({ pollMs: 20 });
  return harness({ agents, store, engine, leaseMs: scenario.leaseMs });
}

/** Settles what stands in doubt by looking it up at the service, as a person would. */
function startPerson(run: Run): NodeJS.Timeout {
  let isLooking = false;
  return setInterval(() => {
    if (isLooking) return;
    isLooking = true;
    void settleDoubts(run).finally(() => {
      isLooking = false;
    });
  }, 20);
}

async function settleDoubts(run: Run): Promise<void> {
  const { status, doubts } = await run.state();
  if (status !== "parked") return;
  for (const { callId, idempotencyKey } of doubts) {
    if (settled.has(callId)) continue;
    settled.add(callId);
    const response = await fetch(`${given.ledgerUrl}/find?key=${idempotencyKey}`);
    const found = parseJson(await response.text());
    const hasHappened = found.ok && found.value !== null;
    const truth = hasHappened
      ? ({ happened: true, output: found.value } as const)
      : ({ happened: false } as const);
    await run.resolve(callId, truth).catch(ignoreEnded);
  }
}

/** Saying something to a run that has ended is no fault of a client that was started again. */
function ignoreEnded(thrown: unknown): void {
  if (!isBridleError(thrown, "run_terminal")) throw thrown;
}

function readOrders(text: string): {
  readonly scenario: string;
  readonly tag: string;
  readonly folder: string;
  readonly modelUrl: string;
  readonly ledgerUrl: string;
  readonly isFirst: boolean;
  readonly stopAt: string | null;
} {
  const parsed = parseJson(text);
  const orders: JsonObject = parsed.ok && isJsonObject(parsed.value) ? parsed.value : {};
  const member = (name: string): string => {
    const value = orders[name];
    return typeof value === "string" ? value : "";
  };
  return {
    scenario: member("scenario"),
    tag: member("tag"),
    folder: member("folder"),
    modelUrl: member("modelUrl"),
    ledgerUrl: member("ledgerUrl"),
    isFirst: orders["isFirst"] === true,
    stopAt: typeof orders["stopAt"] === "string" ? orders["stopAt"] : null,
  };
}
