import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readDoor, sourceOf } from "./tidy/door.ts";

/**
 * What each door of the package offers is a promise. Adding, renaming or removing a name is
 * meant to show up in review: `npx vitest run test/surface.test.ts --update` writes the list anew.
 */
const FRONT_DOOR_NAMES_MAX = 40;

const root = join(import.meta.dirname, "..");
const manifest: { exports: Record<string, unknown> } = JSON.parse(
  readFileSync(join(root, "package.json"), "utf8"),
);
const doors = Object.entries(manifest.exports)
  .filter(([name]) => name !== "./package.json")
  .map(([name, target]) => ({ name, source: sourceOf(target) }));

describe("the surface of the package", () => {
  test("has a source file behind each door", () => {
    expect(doors.length).toBeGreaterThan(0);
    expect(doors.filter(({ source }) => !existsSync(join(root, source)))).toEqual([]);
  });

  test("is the one that was agreed on", async () => {
    const surface = doors.map(({ name, source }) => [name, readDoor(join(root, source))]);
    const text = `${JSON.stringify(Object.fromEntries(surface), undefined, 2)}\n`;
    await expect(text).toMatchFileSnapshot("./surface.json");
  });

  for (const { name, source } of doors) {
    test(`offers at ${name} the values its source names`, async () => {
      const { values, types } = readDoor(join(root, source));
      expect(values.length + types.length).toBeGreaterThan(0);
      const opened: object = await import(join(root, source));
      expect(Object.keys(opened).toSorted()).toEqual(values);
    });
  }

  test(`has at most ${FRONT_DOOR_NAMES_MAX} names at the front door`, () => {
    const front = doors.find(({ name }) => name === ".");
    expect(front?.source).toBe("src/index.ts");
    const { values, types } = readDoor(join(root, "src/index.ts"));
    expect(values.length + types.length).toBeLessThanOrEqual(FRONT_DOOR_NAMES_MAX);
  });
});
