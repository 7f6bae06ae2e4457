import { describe, expect, test } from "vitest";
import {
  dialects,
  faultPlan,
  findFault,
  wireFaults,
  type ChatRequest,
  type FaultPlan,
  type FaultPlanOptions,
} from "../../src/chaos/door.ts";
import { finalFaults, findProfile } from "../../src/chaos/profile.ts";
import { refusalOf } from "./refusal.ts";

type Exchange = Parameters<FaultPlan["next"]>[0];

function request(members: Partial<ChatRequest> = {}): ChatRequest {
  const tools = [{ name: "find", parameters: null }];
  return { model: "m", messages: [], tools, stream: true, includeUsage: true, ...members };
}

function asked(members: Partial<Exchange> = {}): Exchange {
  const plain = { runKey: "r", dialect: "openai-chat", decision: 0, repeat: 0 } as const;
  return { ...plain, request: request(), ...members };
}

function namesOf(plan: FaultPlan, exchange: Exchange): readonly string[] {
  return plan.next(exchange).map(({ fault }) => fault.name);
}

/** Draws of so many runs, one request each. */
function drawMany(options: FaultPlanOptions, members: Partial<Exchange> = {}): readonly string[] {
  const plan = faultPlan(options);
  return Array.from({ length: 5_000 }, (_, index) =>
    namesOf(plan, asked({ runKey: `run ${index}`, ...members })),
  ).flat();
}

function share(names: readonly string[], wanted: readonly string[]): number {
  return names.filter((name) => wanted.includes(name)).length / names.length;
}

describe("the catalogue", () => {
  test("has more than eighty faults, each under a name of its own", () => {
    expect(wireFaults.length).toBeGreaterThan(80);
    expect(new Set(wireFaults.map(({ name }) => name)).size).toBe(wireFaults.length);
    for (const fault of wireFaults) {
      expect(fault.name).toMatch(/^[a-z0-9]+(_[a-z0-9]+)*$/);
      expect(fault.summary.length).toBeGreaterThan(10);
      expect(fault.dialects?.length).not.toBe(0);
    }
  });

  test("tells the nearest names of one that does not exist", () => {
    expect(refusalOf(() => findFault("rate_limited_shrot"))).toContain('"rate_limited_short"');
  });
});

describe("a plan", () => {
  test("draws nothing unless it is told to", () => {
    expect(drawMany({})).toEqual([]);
    expect(drawMany({ profile: "storm", rate: 0 })).toEqual([]);
  });

  test("meets certain requests of a run, counted run by run", () => {
    const plan = faultPlan({ faults: ["bad_gateway@2", "latency*2", "usage_missing"] });
    const first = ["latency", "usage_missing"];
    const second = ["bad_gateway", "latency", "usage_missing"];
    const third = ["usage_missing"];
    const turns = (runKey: string): readonly (readonly string[])[] =>
      [0, 1, 2].map((decision) => namesOf(plan, asked({ runKey, decision })));
    expect(turns("a")).toEqual([first, second, third]);
    expect(turns("b")).toEqual([first, second, third]);
  });

  test("meets a share of the first requests of a run, and of no later one", () => {
    const plan = faultPlan({ faults: ["bad_gateway*2%50", "latency@3%50", "usage_missing%0"] });
    const struck = [0, 1, 2, 3].map((decision) =>
      Array.from({ length: 400 }, (_, run) =>
        namesOf(plan, asked({ runKey: `run ${run}`, decision })),
      ).flat(),
    );
    for (const [decision, name] of ["bad_gateway", "bad_gateway", "latency"].entries()) {
      expect(new Set(struck[decision])).toEqual(new Set([name]));
      expect(struck[decision]?.length).toBeGreaterThan(150);
      expect(struck[decision]?.length).toBeLessThan(250);
    }
    expect(struck[3]).toEqual([]);
  });

  test("counts in a row only what could strike", () => {
    const plan = faultPlan({ faults: ["latency@2%100"], inARowMax: 1 });
    const hits = [0, 1, 2].map((repeat) => namesOf(plan, asked({ repeat })).length);
    expect(hits).toEqual([0, 1, 0]);
  });

  test("is the same for the same seed, in whatever order requests come", () => {
    const keys = Array.from({ length: 400 }, (_, index) => `run ${index}`);
    const drawn = (seed: number, order: readonly string[]): ReadonlyMap<string, unknown> => {
      const plan = faultPlan({ profile: "storm", seed });
      return new Map(
        order.map((runKey) => {
          const faults = plan.next(asked({ runKey, decision: 3, repeat: 1 }));
          return [runKey, faults.map(({ fault, random }) => [fault.name, random()])];
        }),
      );
    };
    const one = drawn(1, keys);
    expect([...one.values()].flat().length).toBeGreaterThan(50);
    expect(drawn(1, keys.toReversed())).toEqual(new Map([...one].toReversed()));
    expect(drawn(2, keys)).not.toEqual(one);
  });

  test.each([1, 3, 5])("lets a patient client through after %i faults in a row", (inARowMax) => {
    const plan = faultPlan({ rate: 1, inARowMax });
    for (const runKey of ["a", "b"]) {
      const hits = Array.from(
        { length: 12 },
        (_, repeat) => namesOf(plan, asked({ runKey, repeat })).length,
      );
      expect(hits).toEqual(hits.map((_, repeat) => (repeat % (inARowMax + 1) < inARowMax ? 1 : 0)));
    }
  });

  test("counts what is drawn by share and by profile into one row", () => {
    const plan = faultPlan({ profile: "storm", rate: 0.7, faults: ["latency%70"] });
    for (let run = 0; run < 300; run++) {
      const hits = Array.from({ length: 40 }, (_, repeat) =>
        namesOf(plan, asked({ runKey: `run ${run}`, repeat })).length > 0 ? "x" : ".",
      );
      expect(hits.join("")).not.toContain("xxxx");
    }
  });

  test("draws by weights, and only what fits the request", () => {
    const weights = { eof_in_text: 3, cut_json: 1, "latency:5": 1, id_missing: 0 };
    const streamed = drawMany({ weights, rate: 1 });
    expect(streamed).toHaveLength(5_000);
    expect(share(streamed, ["eof_in_text"])).toBeCloseTo(0.75, 1);
    expect(share(streamed, ["latency"])).toBeCloseTo(0.25, 1);
    const whole = drawMany({ weights, rate: 1 }, { request: request({ stream: false }) });
    expect(new Set(whole)).toEqual(new Set(["cut_json", "latency"]));
  });

  test("draws no fault of calls where no tools are offered", () => {
    const plain = drawMany({ profile: "storm" }, { request: request({ tools: [] }) });
    const needsCall = wireFaults.filter(({ needs }) => needs === "call").map(({ name }) => name);
    expect(share(plain, needsCall)).toBe(0);
    expect(share(drawMany({ profile: "storm" }), needsCall)).toBeGreaterThan(0.1);
  });

  test.each([
    [{ rate: 2 }, "from 0 to 1"],
    [{ rate: Number.NaN }, "from 0 to 1"],
    [{ weights: { latency: -1 } }, "weight of 'latency'"],
    [{ weights: { latenzy: 1 } }, '"latency"'],
    [{ weights: { "latency@2": 1 } }, "a weight in `weights`"],
    [{ faults: ["nope"] }, "There is no fault"],
    [{ seed: 1.5 }, "A seed is a whole number"],
    [{ inARowMax: 0 }, "inARowMax"],
  ] as const)("refuses %j", (options, words) => {
    expect(refusalOf(() => faultPlan(options))).toContain(words);
  });
});

describe("the profiles", () => {
  test.each([
    ["calm", 0.01],
    ["field", 0.05],
    ["storm", 0.3],
  ] as const)("%s strikes at its rate, %f, over 5,000 draws", (profile, rate) => {
    for (const dialect of dialects) {
      const struck = drawMany({ profile, seed: 4 }, { dialect }).length / 5_000;
      // Four standard deviations: a wrong rate shows, chance does not.
      expect(Math.abs(struck - rate)).toBeLessThan(4 * Math.sqrt((rate * (1 - rate)) / 5_000));
    }
  });

  test.each([true, false])("field is rate limits for 60 %, with stream: %s", (stream) => {
    for (const dialect of dialects) {
      const names = drawMany(
        { profile: "field", rate: 1 },
        { dialect, request: request({ stream }) },
      );
      expect(names).toHaveLength(5_000);
      expect(share(names, ["rate_limited_short"])).toBeCloseTo(0.6, 1);
      const errors = ["unavailable", "server_error", "bad_gateway", "gateway_timeout"];
      expect(share(names, errors)).toBeCloseTo(0.2, 1);
      expect(new Set(names).size).toBeGreaterThan(6);
    }
  });

  test("storm draws everything that a patient client gets through", () => {
    const drawn = new Set(
      dialects.flatMap((dialect) =>
        [true, false].flatMap((stream) =>
          drawMany({ profile: "storm", rate: 1 }, { dialect, request: request({ stream }) }),
        ),
      ),
    );
    const kept = wireFaults.filter(
      ({ name, group }) => group !== "overflow" && !finalFaults.includes(name),
    );
    expect([...drawn].toSorted()).toEqual(kept.map(({ name }) => name).toSorted());
    const specs = findProfile("storm").classes.flatMap(({ specs }) => specs);
    const endless = specs.filter((spec) => /^(hang|stall)_/.test(spec) && !spec.includes(":"));
    expect(endless).toEqual([]);
    expect(finalFaults.filter((name) => !wireFaults.some((fault) => fault.name === name))).toEqual(
      [],
    );
  });
});
