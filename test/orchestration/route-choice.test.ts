import { expect, test } from "vitest";
import { agentOf, modelOf, sleep, until, wholeJournal, worldOf } from "./world.ts";

const broken = (): never => {
  throw new Error("no such tenant");
};

test("a run whose model cannot be chosen can be cancelled", async () => {
  const { harness: made, store, problems } = await worldOf(agentOf(broken));
  const run = await made.start("worker", { input: 1 });
  await until(() => problems.length > 0);
  await run.cancel("not needed");
  const outcome = await Promise.race([run.outcome(), sleep(3_000)]);
  expect(outcome).toMatchObject({ kind: "cancelled" });
  await wholeJournal(store, run.runId);
});

test("a run whose model cannot be chosen ends with its time", async () => {
  const { harness: made, problems } = await worldOf(agentOf(broken, { limits: { wallMs: 300 } }));
  const run = await made.start("worker", { input: 1 });
  const outcome = await Promise.race([run.outcome(), sleep(5_000)]);
  expect(outcome).toMatchObject({ kind: "expired" });
  expect(String(problems[0])).toContain("no such tenant");
});

test("a choice that fails for now costs no run", async () => {
  let asked = 0;
  const model = modelOf("Done.");
  const choose = () => {
    asked += 1;
    if (asked === 1) throw new Error("not yet");
    return model;
  };
  const { harness: made } = await worldOf(agentOf(choose));
  const run = await made.start("worker", { input: 1 });
  expect((await run.outcome()).text).toBe("Done.");
  expect(asked).toBe(2);
});
