import { expect, test } from "vitest";
import { isJsonObject } from "../../src/std/json.ts";
import { figuresOf, prove } from "./proved.ts";

test("killed processes that want more than there is never spend more than there is", async () => {
  const figures = figuresOf(await prove("budget", "--quick", "--json"));
  const held = { exceeded: 0, unrecorded: 0, leftHeld: 0, runsLost: 0, chainsBroken: 0 };
  expect(figures).toMatchObject({ ...held, runs: 80, problems: 0, holds: true });
  expect(figures["limits"]).toBeGreaterThanOrEqual(320);
  expect(figures["kills"]).toBeGreaterThan(1);
  expect(figures["billed"]).toBeGreaterThan(80);
  expect(figures["billedWithoutAnswer"]).toBeGreaterThan(0);
  expect(figures["recordedMicros"]).toBeGreaterThanOrEqual(Number(figures["billedMicros"]));
  const ledger = isJsonObject(figures["ledger"]) ? figures["ledger"] : {};
  expect(ledger).toMatchObject({ ...held, runs: 80 });
  expect(ledger["limits"]).toBeGreaterThanOrEqual(120);
  expect(ledger["kills"]).toBeGreaterThan(1);
  expect(ledger["spends"]).toBeGreaterThan(80);
  expect(ledger["spentRecorded"]).toBeGreaterThanOrEqual(Number(ledger["spentReal"]));
}, 120_000);
