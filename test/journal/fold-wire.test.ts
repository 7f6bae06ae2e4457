import assert from "node:assert/strict";
import fc from "fast-check";
import { expect, test } from "vitest";
import { foldEvent } from "../../src/journal/fold.ts";
import { emptyRun } from "../../src/journal/run.ts";
import { anyJournal } from "./any-journal.ts";

test("faults count up to the next answer, which says who made it from there on", () => {
  let faults = 0;
  let switches = 0;
  let billed = 0;
  fc.assert(
    fc.property(anyJournal, (events) => {
      let state = emptyRun("r1");
      for (const event of events) {
        const before = state;
        state = foldEvent(state, event);
        if (event.kind === "model.faulted") {
          faults += 1;
          assert.equal(state.faults, before.faults + 1);
          assert.equal(state.turnFaults.length, before.turnFaults.length + 1);
          assert.equal(state.messages.length, before.messages.length);
          assert.equal(state.calls, before.calls);
          const used = (before.usage.outputTokens ?? 0) + (event.billed?.usage.outputTokens ?? 0);
          assert.equal(state.usage.outputTokens ?? 0, used);
          if (event.billed !== undefined) billed += 1;
          const rest = state.rests.find(({ asked }) => asked === event.asked);
          assert(event.notBefore === undefined || rest?.until === event.notBefore);
          assert(event.answer !== "repair" || state.strictFor.includes(event.asked));
        } else if (event.kind === "model.answered") {
          assert.deepEqual(state.turnFaults, []);
          assert.equal(state.faults, before.faults);
          assert.equal(state.asked, event.asked ?? before.asked);
          if (event.asked === undefined) continue;
          switches += 1;
          const maker = { from: before.messages.length, asked: event.asked };
          assert.deepEqual(state.makers.at(-1), maker);
        } else if (event.kind === "tools.withheld") {
          assert.deepEqual(state.withheld, event.tools);
          assert.equal(state.withheldChanges, before.withheldChanges + 1);
        } else {
          assert.equal(state.turnFaults, before.turnFaults);
        }
      }
      expect(state.strictFor.length).toBeLessThanOrEqual(3);
      expect(new Set(state.rests.map(({ asked }) => asked)).size).toBe(state.rests.length);
    }),
    { numRuns: 600 },
  );
  expect(faults).toBeGreaterThan(200);
  expect(switches).toBeGreaterThan(200);
  expect(billed).toBeGreaterThan(50);
});
