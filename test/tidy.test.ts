import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readConstraints } from "./tidy/record.ts";
import { ROOM_RULES } from "./tidy/rooms.ts";
import { STYLE_RULES } from "./tidy/style.ts";
import { readTree } from "./tidy/tree.ts";
import { WALLS } from "./tidy/walls.ts";

const root = join(import.meta.dirname, "..");
const tree = readTree(root);

describe("the house is tidy", () => {
  for (const { title, check } of [...ROOM_RULES, ...STYLE_RULES]) {
    test(title, () => {
      const { looked, faults } = check(tree, WALLS);
      expect(faults).toEqual([]);
      expect(looked).toBeGreaterThan(0);
    });
  }

  test("the decision record declares exactly the walls that are held", () => {
    const record = readFileSync(`${root}/docs/decisions/0001-rooms-and-walls.md`, "utf8");
    const declared = readConstraints(record);
    expect(declared.length).toBeGreaterThan(0);
    expect(declared).toEqual(WALLS);
  });
});
