import { describe, expect, test } from "vitest";
import { ROOM_SAMPLES, STYLE_SAMPLES, type Sample } from "./breaches.ts";
import { plant } from "./plant.ts";
import { readConstraints } from "./record.ts";
import { checkTable, ROOM_RULES } from "./rooms.ts";
import type { Verdict } from "./rule.ts";
import { STYLE_RULES } from "./style.ts";
import { WALLS, type Constraint } from "./walls.ts";

const RULES = [...ROOM_RULES, ...STYLE_RULES];
const SAMPLES = [...ROOM_SAMPLES, ...STYLE_SAMPLES];
const TABLE_RULE = "the table is acyclic and keeps its own rules";

function judgeSample(sample: Sample): Verdict {
  const rule = RULES.find(({ title }) => title === sample.rule);
  if (rule === undefined) throw new Error(`No rule is called "${sample.rule}"`);
  return rule.check(plant(sample.files), WALLS);
}

function room(name: string, ...to: readonly string[]): Constraint {
  return { id: name, kind: "may_import", from: [name], to };
}

describe("a planted breach is caught", () => {
  for (const sample of SAMPLES.filter(({ isFine }) => isFine === undefined)) {
    test(`${sample.rule}: ${sample.what}`, () => {
      expect(judgeSample(sample).faults).toHaveLength(1);
    });
  }
});

describe("what only looks like a breach is let be", () => {
  for (const sample of SAMPLES.filter(({ isFine }) => isFine === true)) {
    test(`${sample.rule}: ${sample.what}`, () => {
      const { looked, faults } = judgeSample(sample);
      expect(faults).toEqual([]);
      expect(looked).toBeGreaterThan(0);
    });
  }
});

describe("the rules themselves", () => {
  test("each has a planted breach", () => {
    const planted = new Set(SAMPLES.filter(({ isFine }) => !isFine).map(({ rule }) => rule));
    const bare = RULES.map(({ title }) => title).filter((title) => !planted.has(title));
    expect(bare).toEqual([TABLE_RULE]);
  });

  test("each looks at nothing when there is nothing, and says so", () => {
    const empty = plant({});
    const blind = RULES.filter(({ check }) => check(empty, []).looked === 0);
    expect(blind).toEqual(RULES);
  });
});

describe("the table", () => {
  test("with a cycle over three rooms is refused", () => {
    const { faults } = checkTable([room("a", "b"), room("b", "c"), room("c", "a")]);
    expect(faults).toEqual(["a reaches itself", "b reaches itself", "c reaches itself"]);
  });

  test("with a room that imports itself is refused", () => {
    expect(checkTable([room("a", "a")]).faults).toEqual(["a reaches itself"]);
  });

  test("with an arrow to no room is refused", () => {
    expect(checkTable([room("a", "b")]).faults).toEqual(["a may import b, which is no room"]);
  });

  test("where a gate reaches a model through a third room is refused", () => {
    const wall: Constraint = { id: "w", kind: "never_reaches", from: ["a"], to: ["c"] };
    const { faults } = checkTable([room("a", "b"), room("b", "c"), room("c"), wall]);
    expect(faults).toEqual(["a reaches c, against w"]);
  });

  test("where a second room may open a store is refused", () => {
    const wall: Constraint = { id: "w", kind: "imported_only_by", from: ["a"], to: ["c"] };
    const { faults } = checkTable([room("a", "c"), room("b", "c"), room("c"), wall]);
    expect(faults).toEqual(["b may import c, against w"]);
  });
});

describe("a decision record", () => {
  const item = '{ "id": "a", "kind": "may_import", "from": ["a"], "to": [] }';

  test("gives the constraints of its front matter", () => {
    const record = `---\nstatus: accepted\nconstraints:\n  - ${item}\nmore: 1\n---\n\n  - {}\n`;
    expect(readConstraints(record)).toEqual([{ id: "a", kind: "may_import", from: ["a"], to: [] }]);
  });

  test("without constraints gives none", () => {
    expect(readConstraints("---\nstatus: accepted\n---\n")).toEqual([]);
    expect(readConstraints(`constraints:\n  - ${item}\n`)).toEqual([]);
  });
});
