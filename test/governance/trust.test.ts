import { Ajv } from "ajv";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Json } from "../../src/std/json.ts";
import { planTool } from "../../src/governance/plan-tool.ts";
import { parsePlan, PLAN_STEPS_MAX } from "../../src/governance/plan.ts";
import {
  addCall,
  addMembers,
  addOutput,
  addText,
  emptyTrust,
  FACTS_MAX,
  isTainted,
  TEXT_CHARS_MAX,
  wasWrittenClean,
  type TrustIndex,
} from "../../src/governance/trust.ts";
import { asked, judged, returned, tools, user } from "./bank.ts";

const word = fc.constantFrom("ann", "bob", "eve", "Rent", "GB29", "EVE1", "12", "evil.com", "7");
const text = fc.array(word, { maxLength: 4 }).map((words) => words.join(" "));
const transfer = fc.record({ from: word, amount: fc.nat({ max: 20 }), note: text });
const outputs = fc.record({ received: fc.array(transfer, { maxLength: 3 }) });

type Step =
  | { readonly kind: "say"; readonly text: string }
  | { readonly kind: "members"; readonly text: string }
  | { readonly kind: "read"; readonly output: Json };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant("say" as const), text }),
  fc.record({ kind: fc.constant("members" as const), text: word }),
  fc.record({ kind: fc.constant("read" as const), output: outputs }),
);

function apply(index: TrustIndex, taken: Step): TrustIndex {
  switch (taken.kind) {
    case "say":
      return addText(index, taken.text, user);
    case "members":
      return addMembers(index, [taken.text]);
    case "read":
    default:
      return returned(index, tools.transfers, { output: taken.output });
  }
}

const anyCall = fc.record({ to: word, amount: fc.nat({ max: 20 }), note: text });

function verdicts(index: TrustIndex, calls: readonly Json[]): readonly unknown[] {
  return calls.flatMap((call) => [
    judged(index, tools.pay, call).kind,
    judged(index, tools.send, call).kind,
  ]);
}

describe("the index of trusted values", () => {
  test("TR1: adding leaves every older index as it was, and branches do not disturb each other", () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 8 }),
        fc.tuple(step, step),
        anyCall,
        (before, [a, b], call) => {
          const index = before.reduce(apply, asked("ann"));
          const was = verdicts(index, [call]);
          const one = verdicts(apply(index, a), [call]);
          apply(index, b);
          expect(verdicts(index, [call])).toEqual(was);
          expect(verdicts(apply(index, a), [call])).toEqual(one);
        },
      ),
    );
  });

  test("TR2: more untrusted bytes never make a value trusted", () => {
    const noise = fc.array(outputs, { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 6 }), noise, anyCall, (before, more, call) => {
        const index = before.reduce(apply, asked("ann"));
        // Only the untrusted notes come in: of tools whose other fields are not declared.
        const noisy = more.reduce<TrustIndex>(
          (so, output) => returned(so, tools.mails, { output }),
          index,
        );
        const exposed = returned(index, tools.mails, { output: [{ note: "" }] });
        expect(verdicts(noisy, [call])).toEqual(verdicts(exposed, [call]));
        if (verdicts(index, [call])[0] === "trusted") return;
        expect(verdicts(noisy, [call])[0]).toBe("doubtful");
      }),
    );
  });

  test("TR2: what an untrusted field says changes no judgement", () => {
    let doubtful = 0;
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 1, maxLength: 6 }),
        fc.array(text, { minLength: 20, maxLength: 20 }),
        anyCall,
        (steps, notes, call) => {
          let at = 0;
          const varied = steps.map((taken) =>
            taken.kind === "read"
              ? { ...taken, output: renoted(taken.output, () => notes[at++ % 20] ?? "") }
              : taken,
          );
          const first = verdicts(steps.reduce(apply, asked("ann 7")), [call]);
          expect(verdicts(varied.reduce(apply, asked("ann 7")), [call])).toEqual(first);
          if (first[0] === "doubtful") doubtful += 1;
        },
      ),
      { numRuns: 300 },
    );
    expect(doubtful).toBeGreaterThan(20);
  });

  test("TR4: an output with an untrusted field exposes, one without does not, for good", () => {
    const clean = returned(asked("x"), tools.person, { output: { name: "Ann" } });
    expect(isTainted(clean)).toBe(false);
    const hit = returned(clean, tools.transfers, { output: { received: [{ note: null }] } });
    expect(isTainted(hit)).toBe(true);
    expect(hit.exposure).toEqual({ callId: "t1c0", tool: "transfers" });
    expect(isTainted(returned(hit, tools.person, { output: {} }))).toBe(true);
    const empty = returned(clean, tools.transfers, { output: { received: [] } });
    expect(isTainted(empty)).toBe(true);
  });

  test("TR4: untrusted text exposes and makes nothing trusted", () => {
    const label = { integrity: "untrusted", source: "web", readers: "anyone" } as const;
    const index = addText(asked("x"), "EVE1 12", label);
    expect(isTainted(index)).toBe(true);
    expect(judged(index, tools.pay, { to: "EVE1", amount: 12 }).kind).toBe("doubtful");
  });

  test("TR5: over the limit of text nothing more becomes trusted", () => {
    const long = "a ".repeat(TEXT_CHARS_MAX / 2);
    const full = addText(addText(emptyTrust(), long, user), "GB29 12", user);
    expect(full.isFull).toBe(true);
    const exposed = returned(full, tools.mails, { output: ["x"] });
    expect(judged(exposed, tools.pay, { to: "GB29", amount: 12 }).kind).toBe("doubtful");
  });

  test("TR5: a call over the limit of text adds none of it, in whatever order it was written", () => {
    const text = "a ".repeat(TEXT_CHARS_MAX / 2);
    for (const input of [
      { to: "GB29", text },
      { text, to: "GB29" },
    ]) {
      const index = addCall(asked("x"), { callId: "t1c0", tool: "send", input });
      expect(index).toMatchObject({ isFull: true, texts: { length: 1 } });
      expect(wasWrittenClean(index, "t1c0")).toBe(true);
    }
  });

  test("TR5: over the limit of values nothing more becomes trusted, and exposure is still seen", () => {
    const orders = Array.from({ length: FACTS_MAX + 1 }, (_, id) => ({ id }));
    const output = { orders, received: [{ note: "x" }] };
    const labels = tools.transfers;
    const index = addOutput(asked("x"), {
      callId: "t1c0",
      input: {},
      output,
      labels,
      standing: "trusted",
    });
    expect(index).toMatchObject({ isFull: true, facts: { length: 0 } });
    expect(isTainted(index)).toBe(true);
    expect(judged(index, tools.change, { id: 5 }).kind).toBe("doubtful");
  });

  test("TR3: the hundredth output costs no more than the first", () => {
    const output = {
      orders: Array.from({ length: 50 }, (_, id) => ({ id, name: `n${id}` })),
    };
    let index = asked("x");
    const costs: number[] = [];
    for (let turn = 0; turn < 200; turn++) {
      const start = process.hrtime.bigint();
      index = returned(index, tools.transfers, { output });
      costs.push(Number(process.hrtime.bigint() - start));
    }
    const middle = (from: number): number =>
      costs.slice(from, from + 50).sort((a, b) => a - b)[25] ?? 0;
    expect(middle(150)).toBeLessThan(8 * middle(50));
  });
});

function renoted(output: Json, next: () => string): Json {
  const { received } = output as { readonly received: readonly { readonly note: string }[] };
  return { received: received.map((one) => ({ ...one, note: next() })) };
}

describe("reading a plan", () => {
  const reasonOf = (input: Json): string => {
    const parsed = parsePlan(input);
    return parsed.ok ? "" : parsed.reason;
  };

  test("what cannot be is told in a sentence", () => {
    expect(reasonOf({})).toBe("steps must be a list");
    expect(reasonOf({ steps: [{}] })).toBe("a step has no tool");
    const many = Array.from({ length: PLAN_STEPS_MAX + 1 }, () => ({ tool: "a" }));
    expect(reasonOf({ steps: many })).toContain("more than");
    const argument = (value: Json): string =>
      reasonOf({ steps: [{ tool: "a", arguments: { x: value } }] });
    expect(argument({ $from: "b" })).toContain("path");
    expect(argument({ $from: "b", path: "/c", most: "d", least: "e" })).toContain("exclude");
    expect(argument({ $from: "b", path: "/c", where: { d: { e: 1 } } })).toContain("where");
    expect(argument({ $add: [1] })).toContain("two");
    expect(argument([{ $from: "b", path: "/c" }])).toContain("whole argument");
    expect(argument({ $from: "b", path: "/c", where: { d: "e" } })).toBe("");
  });

  test("what the model is shown as a plan's form is what is read", () => {
    const ajv = new Ajv({ allErrors: true });
    const fits = ajv.compile(planTool.inputSchema);
    const plans: readonly Json[] = [
      { steps: [{ tool: "a" }] },
      { steps: [{ tool: "a", arguments: { x: { $from: "b", path: "/c", most: "d" } } }] },
      { steps: [] },
      { steps: [{ arguments: {} }] },
      { steps: [{ tool: "a", arguments: [] }] },
      {},
    ];
    expect(plans.map((plan) => fits(plan))).toEqual(plans.map((plan) => reasonOf(plan) === ""));
  });

  test("one that is nested without end is refused, not followed", () => {
    let value: Json = 1;
    for (let depth = 0; depth < 50; depth++) value = { $add: [value, 1] };
    expect(reasonOf({ steps: [{ tool: "a", arguments: { x: value } }] })).toContain("deep");
  });
});
