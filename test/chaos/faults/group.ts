import { expect, test } from "vitest";
import { wireFaults, type FaultGroup } from "../../../src/chaos/door.ts";
import { openBench, trialsOf, type Bench, type Trial, type Tried } from "./trial.ts";

/** What the client sees of a fault. */
export type Expectation = (tried: Tried) => void;

const ARGUMENT_TEXTS: readonly string[] = [
  "args_trailing_comma",
  "args_python",
  "args_code_fence",
  "args_double_encoded",
  "args_repeated",
  "args_cut",
  "args_raw_line_feed",
  "args_empty",
  "args_null",
  "args_list",
];

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
    expect(trials.filter((trial) => !isHidden(trial)).length).toBeGreaterThan(0);
    for (const run of trials.map((trial) => expectTrial(bench, trial, expectations[name]))) {
      await run;
    }
  });
}

async function expectTrial(
  bench: Bench,
  trial: Trial,
  expectation: Expectation | undefined,
): Promise<void> {
  const tried = await bench.try(trial);
  try {
    expect(tried.plain).toMatchObject({ status: 200, ended: "whole" });
    if (isHidden(trial)) expectNothing(tried);
    else expectation?.(tried);
    expect(tried.record.faults).toEqual(isHidden(trial) ? [] : [trial.spec]);
  } catch (thrown) {
    const kind = trial.stream ? "stream" : "whole";
    const where = `${trial.spec}, ${trial.dialect}, ${kind}, ${trial.form}`;
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    throw new Error(`${where}: ${tried.seen.text.slice(0, 600)}\n${why}`, { cause: thrown });
  }
}

function expectNothing({ seen, plain }: Tried): void {
  expect(seen.text).toBe(plain.text);
}

/** Anthropic's whole answers carry arguments as a value, where no text can go wrong. */
function isHidden({ fault, dialect, stream }: Trial): boolean {
  return dialect === "anthropic" && !stream && ARGUMENT_TEXTS.includes(fault.name);
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
