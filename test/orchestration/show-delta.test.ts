import { expect, onTestFinished, test } from "vitest";
import { scriptedModel } from "../../src/chaos/door.ts";
import { serve } from "../chaos/served.ts";
import { agentOf, modelOf, play, sleep } from "./world.ts";

function noteUnhandled(): readonly unknown[] {
  const unhandled: unknown[] = [];
  const note = (thrown: unknown): void => {
    unhandled.push(thrown);
  };
  process.on("unhandledRejection", note);
  onTestFinished(() => {
    process.off("unhandledRejection", note);
  });
  return unhandled;
}

test("whoever is told of a problem and fails later does not end the process", async () => {
  const unhandled = noteUnhandled();
  let told = 0;
  const onProblem: () => unknown = async () => {
    told += 1;
    await sleep(1);
    throw new Error("the tracker is down");
  };
  let asked = 0;
  const model = modelOf("Done.");
  const choose = () => {
    asked += 1;
    if (asked === 1) throw new Error("not yet");
    return model;
  };
  const { outcome } = await play(agentOf(choose), { onProblem });
  await sleep(50);
  expect(outcome.text).toBe("Done.");
  expect(told).toBe(1);
  expect(unhandled).toEqual([]);
});

test("whoever shows an answer and fails, now or later, spoils neither run nor process", async () => {
  const unhandled = noteUnhandled();
  const model = scriptedModel([{ text: "Done." }]);
  const server = await serve({ models: () => model });
  let shown = 0;
  const onDelta: () => unknown = async () => {
    shown += 1;
    await sleep(1);
    throw new Error("the socket is closed");
  };
  const reference = { baseURL: server.urlFor(""), modelId: "simulated" };
  const { outcome } = await play(agentOf(reference, { stream: true }), { onDelta });
  await sleep(50);
  expect(outcome.text).toBe("Done.");
  expect(shown).toBeGreaterThan(0);
  expect(unhandled).toEqual([]);
});
