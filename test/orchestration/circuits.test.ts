import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { memoryStore } from "../../src/index.ts";
import { defaultBreaker } from "../../src/generation/breaker.ts";
import { closedCircuit, type Circuit, type CircuitStore } from "../../src/journal/circuit.ts";
import { Circuits } from "../../src/orchestration/circuits.ts";
import { fixedClock, type FixedClock } from "../../src/testing/door.ts";
import { makeFolder, openJournal } from "../storage/folder.ts";
import { agentOf, modelOf, play, toolOf } from "./world.ts";

const SCOPE = "tool/pay";
const settings = defaultBreaker;
const reason = "no route to host";
const START = Date.UTC(2026, 0, 1);

interface Process {
  readonly circuits: Circuits;
  readonly clock: FixedClock;
  readonly name: string;
}

function processOf(store: CircuitStore, skewMs: number): Process {
  const clock = fixedClock(START + skewMs);
  return { circuits: new Circuits(store, clock), clock, name: `skew ${skewMs}` };
}

/** Each process tries four times a second for so long; how often the dependency was touched. */
async function tryFor(processes: readonly Process[], ms: number, isUp = false): Promise<number> {
  let hits = 0;
  for (let spent = 0; spent < ms; spent += 250) {
    for (const { circuits, clock, name } of processes) {
      const holder = `${name} ${spent}`;
      const { kind } = await circuits.enter(SCOPE, holder, settings);
      if (kind === "go") hits += 1;
      if (kind === "go" && isUp) await circuits.succeeded(SCOPE);
      if (kind === "go" && !isUp) await circuits.failed(SCOPE, { holder, reason, settings });
      await clock.advance(250);
    }
  }
  return hits;
}

describe("processes whose clocks differ", () => {
  test("and one alone touch what is dead as often as its breaker lets them", async () => {
    // Five until it opens; then after 5, 10, 20, 40, 80, 120, 120 and 120 seconds.
    expect(await tryFor([processOf(memoryStore(), 0)], 600_000)).toBe(5 + 8);
  });

  for (const skewMs of [400, 4_000, 30_000, 3_600_000, 86_400_000]) {
    for (const sign of [1, -1]) {
      test(`by ${sign * skewMs} ms neither hammer it nor lock each other out`, async () => {
        const store = memoryStore();
        const processes = [processOf(store, 0), processOf(store, sign * skewMs)];
        const hits = await tryFor(processes, 600_000);
        expect(hits).toBeGreaterThanOrEqual(5 + 4);
        expect(hits).toBeLessThanOrEqual(2 * (5 + 8));
        // It is back: whoever comes first after its time finds that out for both.
        await tryFor(processes, 130_000, true);
        for (const { circuits } of processes) {
          expect((await circuits.enter(SCOPE, "x", settings)).kind).toBe("go");
        }
        expect(await store.circuit(SCOPE)).toMatchObject({ openUntil: 0, failures: 0 });
      });
    }
  }

  test("agree on a rest, however far apart they are", async () => {
    const store = memoryStore();
    const [one, two] = [processOf(store, 7_200_000), processOf(store, 0)];
    await two.circuits.look(SCOPE);
    await one.circuits.rests(SCOPE, { holder: "a", restMs: 10_000, reason: "slow down" });
    await two.clock.advance(300);
    const off = await two.circuits.enter(SCOPE, "b", settings);
    expect(off).toMatchObject({ kind: "closed_off", why: "resting" });
    await two.clock.advance(10_000);
    expect((await two.circuits.enter(SCOPE, "b", settings)).kind).toBe("go");
  });
});

/** A store whose list is answered when the test says so. */
function slowList(store: CircuitStore): CircuitStore & { go: () => void } {
  let go = (): void => undefined;
  return {
    circuit: (scope) => store.circuit(scope),
    swapCircuit: (next, version) => store.swapCircuit(next, version),
    circuits: async () => {
      const rows = await store.circuits();
      await new Promise<void>((resolve) => (go = resolve));
      return rows;
    },
    go: () => go(),
  };
}

describe("what one process knows", () => {
  test("is not lost when it was learned while the rows were read", async () => {
    const slow = slowList(memoryStore());
    const circuits = new Circuits(slow, fixedClock());
    const looking = circuits.look("tool/other");
    await new Promise((resolve) => setImmediate(resolve));
    await circuits.failed(SCOPE, { holder: "a", reason, settings });
    slow.go();
    await looking;
    expect(circuits.known(SCOPE).failures).toBe(1);
    expect(circuits.isQuiet(SCOPE)).toBe(false);
  });

  test("of another's probe is looked at again soon, however long the probe may take", async () => {
    const store = memoryStore();
    const open: Circuit = { ...closedCircuit(SCOPE), failures: 5, opens: 1, openUntil: START - 1 };
    await store.swapCircuit({ ...open, changedAt: START - 5_000 }, 0);
    const [one, two] = [processOf(store, 0), processOf(store, 0)];
    expect((await one.circuits.enter(SCOPE, "a", settings)).kind).toBe("go");
    const off = await two.circuits.enter(SCOPE, "b", settings);
    expect(off).toMatchObject({ why: "probing", until: START + 250 });
    await one.circuits.left(SCOPE, "b");
    await two.clock.advance(250);
    expect(await two.circuits.enter(SCOPE, "b", settings)).toMatchObject({ why: "probing" });
    await one.circuits.left(SCOPE, "a");
    await two.clock.advance(250);
    expect((await two.circuits.enter(SCOPE, "b", settings)).kind).toBe("go");
  });

  test("of eight that come when its time is over lets one in", async () => {
    const store = memoryStore();
    const open: Circuit = { ...closedCircuit(SCOPE), failures: 5, opens: 1, openUntil: START - 1 };
    await store.swapCircuit({ ...open, changedAt: START - 5_000 }, 0);
    const all = Array.from({ length: 8 }, () => processOf(store, 0));
    const entered = await Promise.all(
      all.map(({ circuits }, n) => circuits.enter(SCOPE, `p${n}`, settings)),
    );
    expect(entered.filter(({ kind }) => kind === "go")).toHaveLength(1);
  });
});

describe("a row that no rule has written", () => {
  for (const body of [
    '{"openUntil":9e15,"failures":7,"opens":1e9}',
    '{"openUntil":1e300,"restUntil":1e300,"probe":{"holder":"x","until":1e300}}',
    '{"openUntil":-5,"failures":-1000000,"opens":-3}',
    '{"probe":{"holder":"x","until":9e15},"openUntil":1}',
    "no JSON at all",
    "[]",
  ]) {
    test(`keeps no run from its tool for ever: ${body}`, async () => {
      const file = join(makeFolder(), "bridle.db");
      const store = openJournal(file);
      // As old as the longest time for which it could have been meant.
      await store.swapCircuit({ ...closedCircuit(SCOPE), changedAt: Date.now() - 3_700_000 }, 0);
      const db = new DatabaseSync(file);
      db.prepare("UPDATE circuits SET body = ?").run(body);
      db.close();
      let hits = 0;
      const pay = toolOf({ execute: () => (hits += 1) });
      const model = modelOf({ calls: [{ tool: "pay" }] }, "Done.");
      const { outcome } = await play(agentOf(model, { tools: { pay } }), { store });
      expect(outcome.kind).toBe("succeeded");
      expect(hits).toBe(1);
      expect(await store.circuit(SCOPE)).toMatchObject({ openUntil: 0, failures: 0 });
    });
  }
});
