/**
 * Runs whose every response is damaged: each ends, its journal is whole and folds, and no call
 * runs that was not whole. What a model may write at all is another matter: values are damaged too.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { once } from "../../src/index.ts";
import { outcomeKinds } from "../../src/journal/outcome.ts";
import { seededRandom, seedFrom } from "../../src/std/random.ts";
import { mutate, packetsOf } from "../generation/mutate-bytes.ts";
import {
  clientNames,
  fetchOf,
  recordWire,
  wiredModel,
  type Fetch,
  type Recorded,
} from "../generation/wire-clients.ts";
import { agentOf, eventsOf, play, toolOf } from "./world.ts";

const SEED = Number(process.env["FUZZ_SEED"] ?? 7_411);
const RUNS = Number(process.env["FUZZ_RUNS"] ?? 40);

let wire: readonly Recorded[] = [];
beforeAll(async () => {
  wire = await recordWire();
});

/** Answers each request with another damaged response. */
function damagedFetch(mine: readonly Recorded[], random: () => number): Fetch {
  return async (input, init) => {
    const [one, other] = [0, 0].map(() => mine[Math.floor(random() * mine.length)]);
    if (one === undefined || other === undefined) throw new Error("nothing recorded");
    const packets = packetsOf(mutate(one.bytes, other.bytes, random), random);
    return fetchOf(packets, { contentType: one.contentType })(input, init);
  };
}

async function damagedRun(client: string, stream: boolean, round: number) {
  const random = seededRandom(seedFrom(`${SEED} ${client} ${stream} ${round}`));
  const mine = wire.filter((one) => one.client === client && one.isStream === stream);
  const ran: string[] = [];
  const noted = (name: string) =>
    toolOf({
      effect: once(),
      execute: (_input, { idempotencyKey }) => {
        ran.push(idempotencyKey);
        return name;
      },
    });
  const model = wiredModel(client, "http://model.test/v1", damagedFetch(mine, random));
  const agent = agentOf(model, {
    tools: { find: noted("found"), pay: noted("paid") },
    limits: { turnsMax: 4, wallMs: 20_000 },
    stream,
  });
  const modelRetry = { attemptsMax: 3, baseMs: 0, maxMs: 0, idleMs: 2_000, firstByteMs: 2_000 };
  return { ...(await play(agent, { modelRetry })), ran };
}

describe("runs over a damaged wire end, with a whole journal", () => {
  for (const client of clientNames) {
    for (const stream of [true, false]) {
      test(`${client}, ${stream ? "streamed" : "whole"}`, async () => {
        let [calls, faults] = [0, 0];
        for (let round = 0; round < RUNS; round++) {
          const { outcome, events, problems, ran } = await damagedRun(client, stream, round);
          expect(outcomeKinds, `round ${round} of seed ${SEED}`).toContain(outcome.kind);
          expect(problems, `round ${round} of seed ${SEED}`).toEqual([]);
          const claims = eventsOf(events, "call.claimed");
          expect(new Set(ran).size, `round ${round} of seed ${SEED}`).toBe(ran.length);
          expect(ran.length, `round ${round} of seed ${SEED}`).toBe(claims.length);
          calls += claims.length;
          faults += eventsOf(events, "model.faulted").length;
        }
        expect(calls).toBeGreaterThan(0);
        expect(faults).toBeGreaterThan(0);
      }, 120_000);
    }
  }
});
