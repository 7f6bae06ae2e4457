import { spawn } from "node:child_process";
import { describe, expect, it, onTestFinished } from "vitest";
import { reportOf } from "../../proof/wire/figures.ts";
import { casesOf } from "../../proof/wire/matrix/cases.ts";
import { judge } from "../../proof/wire/matrix/judge.ts";
import { payer, type Payer } from "../../proof/wire/matrix/payer.ts";
import { playCase, type Played } from "../../proof/wire/matrix/play.ts";
import { runMatrix } from "../../proof/wire/matrix/run.ts";
import { openMatrixWire, type MatrixWire } from "../../proof/wire/matrix/wire.ts";
import { judgeTool, openToolDesk, toolCases } from "../../proof/wire/tools/play.ts";
import { findFault, wireFaults } from "../../src/chaos/door.ts";
import { must, once, type ModelReference } from "../../src/index.ts";
import { caseOf, empty, fine, judged, live, setting } from "./wire-cases.ts";

async function wire(): Promise<MatrixWire> {
  const opened = await openMatrixWire();
  onTestFinished(() => opened.close());
  return opened;
}

describe("the cases of the matrix", () => {
  it("are every fault over every client that it fits, streamed and whole, once and always", () => {
    const cases = casesOf(wireFaults);
    expect(new Set(cases.map(({ fault }) => fault.name)).size).toBe(wireFaults.length);
    expect(cases.length).toBeGreaterThan(2_500);
    const overloaded = casesOf([findFault("overloaded")]);
    expect(overloaded.map(({ client }) => client.name)).toEqual(Array(6).fill("anthropic"));
    const needsCall = casesOf([findFault("name_case")]);
    expect(new Set(needsCall.map(({ schedule }) => schedule))).toEqual(
      new Set(["once at 1", "always"]),
    );
  });
});

describe("one case", () => {
  it("counts the requests, what the journal says of them, and the payment", async () => {
    const given = caseOf("server_error", "openai chat", "once at 2");
    const played = await playCase(await wire(), given);
    expect(played).toMatchObject({
      end: { kind: "ended", outcome: "succeeded", reason: "model_finished" },
      paid: 1,
      receipts: 1,
      faults: ["unavailable"],
      hits: 3,
      shown: 1,
      left: 0,
      parks: 0,
    });
    expect(judge(given, played)).toBeNull();
  });

  it("parks for a long wait, and the time of its world is moved on", async () => {
    const given = caseOf("rate_limited_long", "anthropic", "once at 1");
    const played = await playCase(await wire(), given);
    expect(played).toMatchObject({
      end: { outcome: "succeeded" },
      parks: 1,
      early: 0,
      hits: 3,
      faults: ["rate_limited"],
    });
    expect(played.ms).toBeLessThan(30_000);
  });

  it("cuts the connections of requests that it gave up", async () => {
    const given = caseOf("hang_before_headers", "google", "once at 1");
    const played = await playCase(await wire(), given);
    expect(played).toMatchObject({ end: { outcome: "succeeded" }, faults: ["timeout"], left: 0 });
  });
});

/** A payer whose other side counts something else than what its tool does. */
function planted(paid: () => number, parts: Partial<Payer["agent"]> = {}): typeof payer {
  return (model: ModelReference, streams: boolean) => {
    const { agent } = payer(model, streams);
    return { agent: { ...agent, ...parts }, paid };
  };
}

describe("a planted misbehaviour", () => {
  it("success without the effect is found, over a real wire", async () => {
    const given = caseOf("sse_crlf", "openai-compatible", "once at 1");
    const played = await playCase(
      await wire(),
      given,
      planted(() => 0),
    );
    expect(played.end).toMatchObject({ outcome: "succeeded" });
    expect(judge(given, played)).toBe("the run succeeded and nothing was paid");
    const { result, broken } = reportOf({ ...empty, matrix: [judged(given, played)] }, setting);
    expect(result).toMatchObject({ undeclared: 1, silent: 1 });
    expect(broken.join()).toContain("sse_crlf, openai-compatible, streamed, once at 1: the run");
  });

  it("an effect that is done twice is found, over a real wire", async () => {
    const given = caseOf("parallel_same_name", "openai chat", "once at 1");
    let paid = 0;
    // Neither an obligation nor a check: both of the two equal calls are made.
    const careless: typeof payer = (model, streams) => {
      const { agent } = payer(model, streams);
      const { name, instructions, stream = false } = agent;
      const pay = {
        inputSchema: { type: "object" },
        effect: once(),
        execute: () => ({ paymentId: String((paid += 1)) }),
      };
      return { agent: { name, instructions, stream, model, tools: { pay } }, paid: () => paid };
    };
    const played = await playCase(await wire(), given, careless);
    expect(judge(given, played)).toBe("the payment was made 2 times");
    const { result } = reportOf({ ...empty, matrix: [judged(given, played)] }, setting);
    expect(result).toMatchObject({ undeclared: 1, doubled: 1 });
  });

  it("a run that gives a passing fault up is found, over a real wire", async () => {
    const given = caseOf("server_error", "openai chat", "once at 1");
    const never = must("it never is", () => false);
    const played = await playCase(
      await wire(),
      given,
      planted(() => 1, { done: [never] }),
    );
    expect(judge(given, played)).toBe(
      "the run ended for gate_unmet after a fault that struck once",
    );
  });

  it.each<[string, Partial<Played>, string]>([
    ["a run that hangs", { end: { kind: "hung" } }, "neither ended nor parked"],
    ["a run that nothing wakes", { end: { kind: "parked", wakeAt: null } }, "nothing will wake it"],
    ["a run that is parked for ever", { end: { kind: "parked", wakeAt: 9e12 } }, "still parked"],
    ["a payment without a receipt", { receipts: 0 }, "1 payments and 0 receipts"],
    ["a connection left behind", { left: 2 }, "2 connections were left open"],
    [
      "an agent that broke",
      { end: { kind: "ended", outcome: "failed", reason: "agent_broken" } },
      "ended as failed: agent_broken",
    ],
    [
      "another end than the fault's own",
      { end: { kind: "ended", outcome: "failed_recoverable", reason: "model_quota" } },
      "ended for model_quota",
    ],
  ])("%s is found", (_what, parts, sentence) => {
    expect(judge(caseOf("bad_gateway", "google", "once at 1"), { ...fine, ...parts })).toContain(
      sentence,
    );
  });

  it("only what asking again cannot mend may end a run that it struck once", () => {
    const ended = { kind: "ended", outcome: "failed_recoverable", reason: "model_quota" } as const;
    const played = { ...fine, end: ended, paid: 0, receipts: 0 };
    expect(judge(caseOf("quota_exhausted", "openai chat", "once at 1"), played)).toBeNull();
    expect(judge(caseOf("quota_exhausted", "openai chat", "always"), played)).toBeNull();
    expect(judge(caseOf("server_error", "openai chat", "always"), played)).toBeNull();
    expect(judge(caseOf("server_error", "openai chat", "once at 1"), played)).not.toBeNull();
  });

  it("a rejection that nobody handles is found, and ends no process", async () => {
    const strays = new URL("../../proof/wire/strays.ts", import.meta.url).href;
    const program = `
      import { withStrays } from ${JSON.stringify(strays)};
      const { value, strays } = await withStrays(async () => {
        void Promise.reject(new Error("lost on the way"));
        return 7;
      });
      console.log(JSON.stringify([value, strays.length, strays[0]]));`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", program]);
    let out = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
    const code = await new Promise((resolve) => child.once("close", resolve));
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual([7, 1, expect.stringContaining("lost on the way")]);
  });
});

describe("the tools' faults", () => {
  it("that hide an effect double none, and leave none unsaid", async () => {
    const hidden = toolCases().filter(({ fault }) =>
      ["timeout_after_commit", "html"].includes(fault.name),
    );
    expect(hidden).toHaveLength(8);
    const desk = await openToolDesk();
    onTestFinished(() => desk.close());
    const played = await Promise.all(hidden.map((given) => desk.play(given)));
    expect(played.map(judgeTool)).toEqual(Array(8).fill(null));
    for (const { paid, shown } of played) expect([paid, shown > 0]).toEqual([1, true]);
    const [one] = played;
    if (one === undefined) throw new Error("nothing was played");
    expect(judgeTool({ ...one, paid: 2 })).toContain("made 2 times");
    expect(judgeTool({ ...one, shown: 0 })).toContain("did not show");
    expect(judgeTool({ ...one, outcome: null })).toContain("did not end");
    expect(judgeTool({ ...one, paid: 0 })).toContain("nothing was paid");
  });
});

it("the matrix plays its cases in order", async () => {
  const cases = casesOf([findFault("sse_comments")]).slice(0, 4);
  const played = await runMatrix(cases, live);
  expect(played.map(({ given }) => given)).toEqual(cases);
  expect(played.map(({ wrong }) => wrong)).toEqual([null, null, null, null]);
});
