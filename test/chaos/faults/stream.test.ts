import { describe, expect } from "vitest";
import { expectGroup, type Expectation } from "./group.ts";
import type { ReadAnswer } from "./read-answer.ts";
import type { Tried } from "./trial.ts";

type Ended = Tried["seen"]["ended"];

/** The bytes are a true beginning of what would have come. */
function expectBeginning({ seen, plain, read, plainRead }: Tried, ended: Ended): void {
  expect(seen).toMatchObject({ status: 200, ended });
  const [sent, whole] = [withoutIds(seen.text, read), withoutIds(plain.text, plainRead)];
  expect(sent.length).toBeLessThan(whole.length);
  expect(whole.startsWith(sent)).toBe(true);
}

/** A call that is spoilt comes under another id. */
function withoutIds(text: string, { calls }: ReadAnswer): string {
  return calls.reduce((rest, { id }) => rest.replaceAll(JSON.stringify(id), '"ID"'), text);
}

function cut(ended: Ended, more: Expectation): Expectation {
  return (tried) => {
    expectBeginning(tried, ended);
    more(tried);
  };
}

const inText: Expectation = ({ read, plainRead }) => {
  expect(read.text.length).toBeGreaterThan(0);
  expect(read.text.length).toBeLessThan(plainRead.text.length);
  expect(read.finish).toBeUndefined();
};

const inArguments: Expectation = ({ read, plainRead }) => {
  const [call] = read.calls;
  const [whole] = plainRead.calls;
  expect(call?.name).toBe(whole?.name);
  expect(call?.argumentsText.length).toBeGreaterThan(0);
  expect(call?.argumentsText.length).toBeLessThan(whole?.argumentsText.length ?? 0);
  expect(read.finish).toBeUndefined();
};

const allSaid: Expectation = ({ read, plainRead }) => {
  const said = (answer: ReadAnswer): readonly unknown[] => [
    answer.text,
    answer.calls.map(({ name, argumentsText }) => [name, argumentsText]),
  ];
  expect(said(read)).toEqual(said(plainRead));
};

const allButFinish: Expectation = (tried) => {
  allSaid(tried);
  expect(tried.read.finish).toBeUndefined();
};

/** Responses tells its finish in the very last event. */
const finishedBeforeDone: Expectation = (tried) => {
  allSaid(tried);
  const { dialect, read, plainRead, seen, plain } = tried;
  expect(read.finish).toBe(dialect === "openai-responses" ? undefined : plainRead.finish);
  const rest = plain.text.slice(seen.text.length);
  expect(rest.match(/^data:/gm)).toHaveLength(1);
};

const streamExpectations: Readonly<Record<string, Expectation>> = {
  eof_after_role: (tried) => {
    // Gemini has no opening: its first event brings content, and a call is all there is.
    if (tried.dialect === "gemini") {
      expect(tried.seen).toMatchObject({ status: 200, ended: "whole", text: "" });
      return;
    }
    expectBeginning(tried, "whole");
    expect(tried.read).toMatchObject({ text: "", calls: [], finish: undefined });
    expect(tried.read.events.length).toBeGreaterThan(0);
  },
  eof_mid_answer: (tried) => {
    const isWholeCall = tried.dialect === "gemini" && tried.form === "call";
    return cut(
      "whole",
      isWholeCall ? allSaid : tried.form === "text" ? inText : inArguments,
    )(tried);
  },
  eof_in_text: cut("whole", inText),
  eof_after_tool_name: (tried) => {
    const { read, plainRead } = tried;
    expectBeginning(tried, "whole");
    expect(read.calls).toHaveLength(1);
    expect(read.calls[0]).toMatchObject({ name: plainRead.calls[0]?.name, argumentsText: "" });
  },
  eof_in_arguments: cut("whole", inArguments),
  eof_after_arguments: cut("whole", allButFinish),
  eof_before_finish: cut("whole", allButFinish),
  eof_before_done: cut("whole", finishedBeforeDone),
  reset_in_text: cut("reset", inText),
  reset_in_arguments: cut("reset", inArguments),
  reset_before_done: cut("reset", finishedBeforeDone),
  stall_in_text: cut("silent", inText),
  stall_in_arguments: cut("silent", inArguments),
  stall_before_done: cut("silent", finishedBeforeDone),
  duplicated_chunk: ({ seen, plain, read, plainRead }) => {
    expect(seen).toMatchObject({ status: 200, ended: "whole" });
    expect(seen.text.length).toBeGreaterThan(plain.text.length);
    expect(read.events.length).toBe(plainRead.events.length + 1);
    const twice = read.events.filter(
      (event, index) => JSON.stringify(event) === JSON.stringify(read.events[index - 1]),
    );
    expect(twice).toHaveLength(1);
    expect(JSON.stringify(read.calls) + read.text).not.toBe(
      JSON.stringify(plainRead.calls) + plainRead.text,
    );
  },
};

describe("stream faults", () => {
  expectGroup("stream", streamExpectations);
});
