import { expect, test } from "vitest";
import { figuresOf, prove } from "./proved.ts";

const CLASSES = [
  "read",
  "idempotent",
  "transactional",
  "once with reconcile",
  "once without reconcile",
];

test("killed at a boundary, every effect class resumes with each effect done once", async () => {
  const figures = figuresOf(await prove("crash", "--quick", "--json"));
  expect(figures).toMatchObject({ effectsDoubled: 0, runsLost: 0, problems: 0, holds: true });
  expect(figures["boundaries"]).toBeGreaterThanOrEqual(20);
  expect(figures["kills"]).toBe(figures["boundaries"]);
  expect(figures["effectsApplied"]).toBeGreaterThan(0);
  expect(figures["inDoubt"]).toBeGreaterThan(0);
  expect(figures["inDoubtExplained"]).toBe(figures["inDoubt"]);
  const rows = Array.isArray(figures["classes"]) ? figures["classes"] : [];
  expect(rows.map((row) => row["class"])).toEqual(CLASSES);
  for (const row of rows) expect(row["kills"]).toBeGreaterThan(1);
}, 120_000);
