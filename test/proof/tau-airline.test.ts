import { isDeepStrictEqual } from "node:util";
import { describe, expect, it } from "vitest";
import { loadDomain } from "../../proof/tau/data.ts";
import { loadRecordedRuns, type RecordedRun } from "../../proof/tau/recorded.ts";
import { dbHash, expectedHash } from "../../proof/tau/score.ts";
import { describeWithData } from "../real-data.ts";
import { play, valueOf } from "./replay.ts";

describeWithData("the airline tools", (dataRoot) => {
  const airline = loadDomain("airline", dataRoot);

  it("replay all 142 reference actions without a refusal", () => {
    let actions = 0;
    for (const task of airline.tasks) {
      const db = airline.freshDb();
      for (const action of task.actions) {
        actions++;
        expect(play(airline, db, action), `${task.id} ${action.name}`).toHaveProperty(
          "kind",
          "result",
        );
      }
    }
    expect([airline.tasks.length, actions]).toEqual([50, 142]);
  });

  it("end every task in the same state every time", () => {
    const untouched = dbHash(airline.freshDb());
    const first = airline.tasks.map((task) => expectedHash(airline, task));
    expect(first.filter((hash) => hash !== untouched)).toHaveLength(26);
    expect(airline.tasks.map((task) => expectedHash(airline, task))).toEqual(first);
    expect(dbHash(airline.freshDb())).toBe(untouched);
  });

  it("hand out three certificates and refuse a fourth", () => {
    const db = airline.freshDb();
    const send = { name: "send_certificate", arguments: { user_id: "mia_li_3668", amount: 50 } };
    const texts = Array.from({ length: 4 }, () => play(airline, db, send).text);
    expect(texts).toEqual([
      "Certificate certificate_3221322 added to user mia_li_3668 with amount 50.",
      "Certificate certificate_3221323 added to user mia_li_3668 with amount 50.",
      "Certificate certificate_3221324 added to user mia_li_3668 with amount 50.",
      "Error: Too many certificates",
    ]);
  });

  describe("against the recorded runs", () => {
    const runs = loadRecordedRuns(dataRoot);

    it("give all 1,164 recorded results", () => {
      const different: string[] = [];
      let calls = 0;
      for (const run of runs) {
        const db = airline.freshDb();
        for (const call of run.calls) {
          calls++;
          const { text } = play(airline, db, call);
          if (isDeepStrictEqual(valueOf(text), valueOf(call.result))) continue;
          different.push(`task ${run.taskId} trial ${run.trial}: ${call.name}`);
        }
      }
      expect([runs.length, calls]).toEqual([200, 1164]);
      expect(different).toEqual([]);
    });

    it("give the recorded reward of all 195 scored runs", () => {
      const scored = runs.filter((run) => run.isScored);
      expect(scored).toHaveLength(195);
      expect(scored.filter((run) => run.passed)).toHaveLength(84);
      for (const run of scored) {
        expect(scoreRun(run), `task ${run.taskId} trial ${run.trial}`).toBe(run.passed);
      }
      expect(runs.filter((run) => !run.isScored && run.passed)).toEqual([]);
    });
  });

  function scoreRun(run: RecordedRun): boolean {
    const reached = airline.freshDb();
    for (const call of run.calls) play(airline, reached, call);
    const wanted = airline.freshDb();
    for (const action of run.actions) play(airline, wanted, action);
    const said = run.said.map((text) => text.toLowerCase().replaceAll(",", ""));
    return (
      dbHash(reached) === dbHash(wanted) &&
      run.outputs.every((output) => said.some((text) => text.includes(output.toLowerCase())))
    );
  }
});
