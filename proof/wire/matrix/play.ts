/** Plays one case: a run of the harness over a real client and a faulty wire. */
import { embedded, harness, memoryStore, type Harness, type Run } from "../../../src/index.ts";
import type { ModelFaultKind } from "../../../src/journal/model-fault.ts";
import type { Outcome } from "../../../src/journal/outcome.ts";
import { keyOf, type WireCase } from "./cases.ts";
import { movingClock, type MovingClock } from "./moving-clock.ts";
import { payer } from "./payer.ts";
import type { MatrixWire } from "./wire.ts";

/** How one case ended, as far as anybody can see from outside. */
export interface Played {
  readonly end: End;
  /** Payments that the other side counts, and those that the run has a receipt for. */
  readonly paid: number;
  readonly receipts: number;
  /** The faults that the journal holds, in order, each kind once. */
  readonly faults: readonly ModelFaultKind[];
  /** Requests that the server got; a run without faults makes two. */
  readonly hits: number;
  /** Of these, requests that the fault showed in. */
  readonly shown: number;
  /** Of these, requests that came before the time which the server had named. */
  readonly early: number;
  /** Connections that were still open when nobody waited for them any longer. */
  readonly left: number;
  /** How often the run was parked until a time that was then moved on to. */
  readonly parks: number;
  readonly ms: number;
}

export type End =
  | { readonly kind: "ended"; readonly outcome: Outcome["kind"]; readonly reason: string }
  | { readonly kind: "parked"; readonly wakeAt: number | null }
  /** Neither ended nor parked when nobody waited any longer. */
  | { readonly kind: "hung" };

/** Limits as a user sets them, scaled down: silence is given up after the best part of a second. */
const MODEL_RETRY = {
  attemptsMax: 5,
  baseMs: 5,
  maxMs: 40,
  waitMaxMs: 100,
  timeoutMs: 1_600,
  firstByteMs: 800,
  idleMs: 800,
} as const;

/** More than five attempts, each given up at its limit, for each of the turns that a run has. */
const PATIENCE_MS = 90_000;
/** More waits than a run obeys before it gives up (20), before and after the effect. */
const PARKS_MAX = 60;
const LOOK_MS = 10;

/** With another payer than the usual: what it does wrong is to be found. */
export async function playCase(
  wire: MatrixWire,
  given: WireCase,
  makePayer: typeof payer = payer,
): Promise<Played> {
  const clock = movingClock();
  const key = keyOf(given);
  const line = wire.open(given, clock);
  const desk = makePayer(given.client.model(wire.server, key), given.streams);
  const startedAt = performance.now();
  const bridle = await harness({
    agents: [desk.agent],
    store: memoryStore(),
    engine: embedded({ pollMs: LOOK_MS }),
    clock,
    modelRetry: MODEL_RETRY,
  });
  try {
    const run = await bridle.start(desk.agent, { input: "Pay order A-1042." });
    const { end, parks } = await endOf(bridle, run, clock);
    const ms = Math.round(performance.now() - startedAt);
    const events = await run.events();
    const faults = events.flatMap((event) =>
      event.kind === "model.faulted" ? [event.fault.kind] : [],
    );
    const receipts = (await run.state()).receipts.length;
    await bridle.close(0);
    const { exchanges, unanswered } = await line.settled();
    return {
      end,
      paid: desk.paid(),
      receipts,
      faults: [...new Set(faults)],
      hits: line.hits(),
      shown: exchanges.filter(({ faults: shown }) => shown.some(isOf(given))).length,
      early: exchanges.filter(({ earlyByMs }) => earlyByMs !== undefined).length,
      left: unanswered,
      parks,
      ms,
    };
  } finally {
    await bridle.close(0);
    line.close();
  }
}

function isOf({ fault }: WireCase): (shown: string) => boolean {
  return (shown) => shown === fault.name || shown.startsWith(`${fault.name}:`);
}

/** Waits for the end. Whenever the run is parked until a time, that time has come. */
async function endOf(
  bridle: Harness,
  run: Run,
  clock: MovingClock,
): Promise<{ readonly end: End; readonly parks: number }> {
  const giveUpAt = performance.now() + PATIENCE_MS;
  let ended: Outcome | undefined;
  const watched = run.outcome().then(
    (outcome) => void (ended = outcome),
    () => undefined,
  );
  let parks = 0;
  while (performance.now() < giveUpAt) {
    await Promise.race([watched, clock.sleep(LOOK_MS)]);
    if (ended !== undefined) {
      return { end: { kind: "ended", outcome: ended.kind, reason: ended.reason.code }, parks };
    }
    const row = await bridle.store.get(run.runId);
    if (row?.status !== "parked") continue;
    if (row.wakeAt === null || parks >= PARKS_MAX) {
      return { end: { kind: "parked", wakeAt: row.wakeAt }, parks };
    }
    if (row.wakeAt <= clock.now()) continue;
    parks += 1;
    clock.moveTo(row.wakeAt);
  }
  return { end: { kind: "hung" }, parks };
}
