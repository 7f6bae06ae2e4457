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
          expect(state.faults).toBe(before.faults + 1);
          expect(state.turnFaults).toHaveLength(before.turnFaults.length + 1);
          expect(state.messages.length).toBe(before.messages.length);
          expect(state.calls).toBe(before.calls);
          const used = (before.usage.outputTokens ?? 0) + (event.billed?.usage.outputTokens ?? 0);
          expect(state.usage.outputTokens ?? 0).toBe(used);
          if (event.billed !== undefined) billed += 1;
          const rest = state.rests.filter(({ asked }) => asked === event.asked);
          if (event.notBefore !== undefined)
            expect(rest).toMatchObject([{ until: event.notBefore }]);
          if (event.answer === "repair") expect(state.strictFor).toContain(event.asked);
        } else if (event.kind === "model.answered") {
          expect(state.turnFaults).toEqual([]);
          expect(state.faults).toBe(before.faults);
          expect(state.asked).toBe(event.asked ?? before.asked);
          if (event.asked === undefined) continue;
          switches += 1;
          expect(state.makers.at(-1)).toEqual({ from: before.messages.length, asked: event.asked });
        } else if (event.kind === "tools.withheld") {
          expect(state.withheld).toEqual(event.tools);
          expect(state.withheldChanges).toBe(before.withheldChanges + 1);
        } else {
          expect(state.turnFaults).toBe(before.turnFaults);
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
