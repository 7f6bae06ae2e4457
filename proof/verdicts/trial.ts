/** One run, played to its end through the real harness. */
import type { JournalEvent, Outcome } from "../../src/index.ts";
import { systemClock } from "../../src/std/clock.ts";
import type { Facts } from "./book.ts";
import type { RunInput } from "./plan.ts";
import type { Case } from "./script.ts";
import { ungatedName, type World } from "./world.ts";

export interface Trial<C extends Case> {
  readonly given: C;
  /** Null for a run that did not end. */
  readonly outcome: Outcome | null;
  readonly events: readonly JournalEvent[];
  /** What is so in the service afterwards. */
  readonly facts: Facts;
}

/** A run that has not ended by then is not going to. */
const PATIENCE_MS = 30_000;

let opened = 0;

export async function playCase<C extends Case>(
  world: World,
  given: C,
  isGated: boolean,
): Promise<Trial<C>> {
  const { bridle, service, desks } = world;
  const { scenario, plan, troubles } = given;
  opened += 1;
  const desk = `d${opened}`;
  await service.open({ desk, domain: scenario.domain, seed: plan.seed, troubles });
  world.addModel(desk, given);
  const { order, request } = plan;
  const input: RunInput = { desk, request, order };
  const intent = isGated ? scenario.intent?.(order) : undefined;
  const run = await bridle.start<RunInput>(isGated ? scenario.name : ungatedName(scenario.name), {
    input,
    ...(intent === undefined ? {} : { intent }),
  });
  desks.assign(run.runId, desk);
  const outcome = await inTime(run.outcome());
  const trial = { given, outcome, events: await run.events(), facts: await service.facts(desk) };
  world.dropModel(desk);
  return trial;
}

async function inTime(ending: Promise<Outcome>): Promise<Outcome | null> {
  const waiting = new AbortController();
  const late = systemClock.sleep(PATIENCE_MS, waiting.signal).then(
    () => null,
    () => null,
  );
  try {
    return await Promise.race([ending, late]);
  } finally {
    waiting.abort();
  }
}
