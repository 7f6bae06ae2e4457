import fc from "fast-check";
import { expect, test } from "vitest";
import { LogIndex } from "../../src/std/log-index.ts";

type Entry = readonly [string, number];

const entries = fc.array(fc.tuple(fc.constantFrom("a", "b", "c"), fc.nat()), { maxLength: 5 });

function plain(added: readonly Entry[], key: string): readonly number[] {
  return added.filter(([one]) => one === key).map(([, item]) => item);
}

test("every version of an index holds what was added to it, on branches too", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(), entries), { maxLength: 20 }), (steps) => {
      const versions: { readonly index: LogIndex<number>; readonly all: readonly Entry[] }[] = [
        { index: LogIndex.empty(), all: [] },
      ];
      for (const [from, added] of steps) {
        const base = versions[from % versions.length];
        if (base === undefined) continue;
        versions.push({ index: base.index.add(added), all: [...base.all, ...added] });
      }
      for (const { index, all } of versions) {
        expect(index.length).toBe(all.length);
        for (const key of ["a", "b", "c"]) expect([...index.get(key)]).toEqual(plain(all, key));
      }
    }),
  );
});

test("an index shows as JSON what its own version holds", () => {
  const one = LogIndex.empty<number>().add([["a", 1]]);
  one.add([["b", 2]]);
  expect(JSON.stringify(one)).toBe('[["a",[1]]]');
});
