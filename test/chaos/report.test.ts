import { describe, expect, test } from "vitest";
import { chaosReporter, type ChaosReporter, type ExchangeRecord } from "../../src/chaos/door.ts";

function took(reporter: ChaosReporter, members: Partial<ExchangeRecord>): void {
  const atMs = members.atMs ?? 0;
  reporter.take({
    runKey: "r",
    dialect: "openai-chat",
    stream: true,
    decision: 0,
    repeat: 0,
    faults: [],
    status: 200,
    requestHash: "same",
    openingHash: "opening",
    atMs,
    endedAtMs: atMs,
    clientLeft: false,
    earlyByMs: undefined,
    ...members,
  });
}

const NOTHING = {
  injected: 0,
  retried: 0,
  wentOn: 0,
  gaveUp: 0,
  last: 0,
  sameBodyAgain: 0,
  early: 0,
  clientLeft: 0,
  waitedMs: null,
};

describe("the report", () => {
  test("says that nothing real is measured", () => {
    const report = chaosReporter().report();
    expect(report).toMatchObject({ requests: 0, faulted: 0, faults: {} });
    expect(report.note).toContain("no real model answered");
  });

  test("tells a retry, how long it waited and whether anything was changed", () => {
    const reporter = chaosReporter();
    const limited = { faults: ["rate_limited_short:2000"], status: 429 };
    took(reporter, { ...limited, atMs: 0, endedAtMs: 10 });
    took(reporter, { ...limited, atMs: 2_010, endedAtMs: 2_020 });
    took(reporter, { ...limited, atMs: 3_020, endedAtMs: 3_030, requestHash: "other" });
    took(reporter, { atMs: 9_030 });
    took(reporter, { decision: 1 });
    expect(reporter.report()).toMatchObject({ requests: 5, faulted: 3 });
    expect(reporter.report().faults).toEqual({
      rate_limited_short: {
        ...NOTHING,
        injected: 3,
        retried: 3,
        sameBodyAgain: 1,
        waitedMs: { min: 1_000, median: 2_000, max: 6_000 },
      },
    });
  });

  test("tells apart who went on, gave up, left, or had the last answer", () => {
    const reporter = chaosReporter();
    took(reporter, { runKey: "a", faults: ["usage_missing"] });
    took(reporter, { runKey: "a", decision: 1, requestHash: "more" });
    took(reporter, { runKey: "b", faults: ["unauthorized"], status: 401 });
    took(reporter, { runKey: "c", faults: ["eof_in_text"] });
    took(reporter, { runKey: "d", faults: ["stall_in_text"], clientLeft: true });
    took(reporter, { runKey: "e", faults: ["reset_before_headers"], status: 0 });
    const { faults, clientLeft } = reporter.report();
    expect(faults).toEqual({
      usage_missing: { ...NOTHING, injected: 1, wentOn: 1 },
      unauthorized: { ...NOTHING, injected: 1, gaveUp: 1 },
      eof_in_text: { ...NOTHING, injected: 1, last: 1 },
      stall_in_text: { ...NOTHING, injected: 1, gaveUp: 1, clientLeft: 1 },
      reset_before_headers: { ...NOTHING, injected: 1, gaveUp: 1 },
    });
    expect(clientLeft).toBe(1);
    // A report closes nothing: the next one knows of what came since.
    took(reporter, { runKey: "e", atMs: 500 });
    expect(reporter.report().faults["reset_before_headers"]).toMatchObject({
      retried: 1,
      gaveUp: 0,
      sameBodyAgain: 1,
    });
  });

  test("sums the faults of more than a thousand names, and loses none", () => {
    const reporter = chaosReporter();
    for (let n = 0; n < 1_500; n++) took(reporter, { runKey: `r${n}`, faults: [`own_${n}`] });
    const { faults } = reporter.report();
    expect(Object.keys(faults)).toHaveLength(1_001);
    expect(faults["others"]).toMatchObject({ injected: 500, last: 500 });
  });

  test("counts who came early to the fault that it came early to, and injects nothing", () => {
    const reporter = chaosReporter();
    const fault = { faults: ["rate_limited_long"], status: 429 };
    took(reporter, { ...fault });
    took(reporter, { ...fault, atMs: 500, earlyByMs: 119_500 });
    took(reporter, { ...fault, atMs: 1_500, earlyByMs: 118_500 });
    expect(reporter.report()).toMatchObject({ requests: 3, faulted: 1, early: 2 });
    expect(reporter.report().faults["rate_limited_long"]).toMatchObject({
      injected: 1,
      retried: 1,
      early: 2,
      waitedMs: { min: 500, max: 500 },
    });
  });

  test("counts each of several faults of one exchange", () => {
    const reporter = chaosReporter();
    took(reporter, { faults: ["latency:5", "usage_missing"] });
    took(reporter, { atMs: 40 });
    const { faults } = reporter.report();
    expect(Object.keys(faults)).toEqual(["latency", "usage_missing"]);
    expect(faults["latency"]).toEqual(faults["usage_missing"]);
    expect(faults["latency"]).toMatchObject({ injected: 1, retried: 1 });
  });

  test("tells conversations on the plain address apart by how they begin", () => {
    const reporter = chaosReporter();
    const failed = { runKey: "", faults: ["server_error"], status: 500 };
    took(reporter, { ...failed, openingHash: "one" });
    took(reporter, { runKey: "", openingHash: "two", requestHash: "another" });
    expect(reporter.report().faults["server_error"]).toMatchObject({ retried: 0, gaveUp: 1 });
    took(reporter, { runKey: "", openingHash: "one", atMs: 100 });
    expect(reporter.report().faults["server_error"]).toMatchObject({ retried: 1, gaveUp: 0 });
  });

  test("has one sequel for each injected fault, however many runs are open", () => {
    const reporter = chaosReporter();
    for (let run = 0; run < 12_000; run++) {
      took(reporter, { runKey: `run ${run}`, faults: ["server_error"], status: 500 });
    }
    // The first two thousand had to be given up; they count as what they are.
    for (let run = 0; run < 12_000; run += 2) took(reporter, { runKey: `run ${run}`, atMs: run });
    const tally = reporter.report().faults["server_error"];
    expect(tally).toMatchObject({ injected: 12_000, retried: 5_000, gaveUp: 7_000 });
    expect(tally?.waitedMs).toMatchObject({ min: 2_000, max: 11_998 });
  });
});
