import { expect, test } from "vitest";
import { wireFaults, type FaultGroup } from "../../../src/chaos/door.ts";
import { openBench, trialsOf, type Bench, type Trial, type Tried } from "./trial.ts";

/** What the client sees of a fault. "hidden": where it has no form, nothing may have changed. */
export type Expectation = (tried: Tried) => void | "hidden";

/** Tries every fault of a group in every dialect and kind of answer that it applies to. */
export function expectGroup(
  group: FaultGroup,
  expectations: Readonly<Record<string, Expectation>>,
): void {
  const names = wireFaults.filter((fault) => fault.group === group).map(({ name }) => name);

  test("has an expectation for each of its faults", () => {
    expect(Object.keys(expectations).toSorted()).toEqual(names.toSorted());
    expect(names.length).toBeGreaterThan(0);
  });

  test.each(names)("%s is seen by every client that it is meant for", async (name) => {
    const bench = await openBench();
    const trials = trialsOf(name);
    expect(trials.length).toBeGreaterThan(0);
    const shown = await Promise.all(
      trials.map((trial) => expectTrial(bench, trial, expectations[name])),
    );
    expect(shown).toContain(true);
  });
}

/** True when the fault showed. */
async function expectTrial(
  bench: Bench,
  trial: Trial,
  expectation: Expectation | undefined,
): Promise<boolean> {
  const tried = await bench.try(trial);
  try {
    const isHidden = expectation?.(tried) === "hidden";
    expect(tried.record.faults).toEqual(isHidden ? [] : [trial.spec]);
    if (isHidden) expect(tried.seen.text).toBe(tried.plain.text);
    expect(tried.plain).toMatchObject({ status: 200, ended: "whole" });
    return !isHidden;
  } catch (thrown) {
    const kind = trial.stream ? "stream" : "whole";
    const told = `${trial.spec}, ${trial.dialect}, ${kind}, ${trial.form}: ${tried.seen.text.slice(0, 600)}`;
    throw new Error(`${told}\n${thrown instanceof Error ? thrown.message : String(thrown)}`, {
      cause: thrown,
    });
  }
}

/** The answer came whole and says the same as without the fault. */
export function expectSameAnswer({ seen, read, plainRead }: Tried): void {
  expect(seen).toMatchObject({ status: 200, ended: "whole" });
  expect(read).toMatchObject({
    text: plainRead.text,
    calls: plainRead.calls,
    finish: plainRead.finish,
  });
}
