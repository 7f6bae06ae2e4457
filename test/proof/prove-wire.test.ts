import { beforeAll, describe, expect, it } from "vitest";
import type { ProofReport } from "../../proof/proof.ts";
import { loadDomain } from "../../proof/tau/data.ts";
import type { WireDesk } from "../../proof/wire/desk.ts";
import { reportOf } from "../../proof/wire/figures.ts";
import type { Peer } from "../../proof/wire/peers/peer.ts";
import { wireProof } from "../../proof/wire/prove.ts";
import { brokenIn, rowOf, type SideRow } from "../../proof/wire/side/figures.ts";
import { playColumn } from "../../proof/wire/side/play.ts";
import { writeTasks } from "../../proof/wire/tasks.ts";
import { wireFaults } from "../../src/chaos/door.ts";
import { isJsonObject, type JsonObject } from "../../src/std/json.ts";
import { describeWithData } from "../real-data.ts";
import { caseOf, empty, fine, judged, live, setting } from "./wire-cases.ts";

/** Three times what it takes on a machine of its own. */
const PATIENCE_MS = 180_000;

describe("the report", () => {
  it("breaks on nothing played, and on a fault that never showed", async () => {
    const { broken } = reportOf(empty, { ...setting, only: null });
    expect(broken).toEqual([
      "no fault showed",
      "only 0 faults showed",
      "no fault of a tool was tried",
      "no task was played",
    ]);
    const given = caseOf("bad_gateway", "google", "once at 1");
    const hidden = judged(given, { ...fine, shown: 0 });
    expect(reportOf({ ...empty, matrix: [hidden] }, setting).broken).toEqual([
      "no fault showed",
      "bad_gateway, google: the fault never showed",
    ]);
    const always = judged(caseOf("bad_gateway", "google", "always"), fine);
    expect(reportOf({ ...empty, matrix: [hidden, always] }, setting).broken).toEqual([
      "bad_gateway, google, whole, once at 1: the fault did not show",
    ]);
  });

  it("breaks on a stray rejection", () => {
    const matrix = [judged(caseOf("bad_gateway", "google", "once at 1"), fine)];
    const { broken, result } = reportOf({ ...empty, matrix, strays: ["lost"] }, setting);
    expect(broken).toEqual(["nobody handled: lost"]);
    expect(result).toMatchObject({ strays: 1, faults: 1, undeclared: 0 });
  });

  it("holds this harness to its row where the model does not err", () => {
    const row: SideRow = {
      harness: "Bridle",
      version: "",
      settings: "",
      wireFaults: 0.05,
      modelError: 0,
      tasks: 130,
      seeds: 3,
      exact: 99.2,
      silent: 0.8,
      doubled: 1,
      requests: 800,
      faulted: 40,
      ms: 1,
    };
    expect(brokenIn(row)).toHaveLength(3);
    expect(brokenIn({ ...row, exact: 100, silent: 0, doubled: 0 })).toEqual([]);
    expect(brokenIn({ ...row, exact: 100, silent: 0, doubled: 0, faulted: 0 })).toHaveLength(1);
    expect(brokenIn({ ...row, tasks: 0 })).toHaveLength(1);
    expect(brokenIn({ ...row, modelError: 0.15 })).toEqual([]);
  });

  it("looks at one fault alone, and says what is wrong with a name or a number", async () => {
    const { result, broken } = await wireProof.run({
      ...live,
      quick: false,
      options: { only: "html_with_200" },
    });
    expect(broken).toEqual([]);
    expect(result).toMatchObject({ faults: 1, cases: 30, undeclared: 0, rows: [] });
    for (const [options, message] of [
      [{ only: "html_with_20" }, "html_with_200"],
      [{ seed: 1.5 }, "--seed needs"],
      [{ "model-error": 2 }, "--model-error needs"],
      [{ data: "/nowhere" }, "--data PATH"],
    ] as const) {
      await expect(wireProof.run({ ...live, quick: true, options })).rejects.toThrow(message);
    }
  });
});

describeWithData("side by side", (dataRoot) => {
  const retail = loadDomain("retail", dataRoot);
  const tasks = writeTasks(retail).slice(0, 4);
  const weather = { wireFaults: 0.05, modelError: 0, seed: 1 };
  const rounds = [{ domain: retail, tasks }];
  const peerThat = (play: (desk: WireDesk) => void): Peer => ({
    name: "planted",
    version: "",
    settings: "",
    play: async (desk) => {
      play(desk);
      return { claimedDone: true };
    },
  });

  it("a loop that claims success without the effect is counted silent", async () => {
    const lazy = peerThat(() => undefined);
    const column = await playColumn(lazy, rounds, { weather, signal: live.signal });
    expect(rowOf([column])).toMatchObject({ tasks: 4, exact: 0, silent: 100, doubled: 0 });
    expect(brokenIn(rowOf([column])).join()).toContain("100 % called done in a wrong state");
  });

  it("a loop that applies its writes twice is counted doubled", async () => {
    const eager = peerThat(({ task, tools }) => {
      for (const { name, arguments: input } of [...task.actions, ...task.actions]) {
        try {
          tools.find((tool) => tool.name === name)?.run(input);
        } catch {
          // What the domain refuses the second time has not happened twice.
        }
      }
    });
    const notes = writeTasks(retail).filter(({ actions }) =>
      actions.some(({ name }) => name === "modify_user_address"),
    );
    const chosen = [{ domain: retail, tasks: notes }];
    const column = await playColumn(eager, chosen, { weather, signal: live.signal });
    expect(rowOf([column]).doubled).toBeGreaterThan(0);
  });

  describe("a quick run", () => {
    let report: ProofReport;
    beforeAll(async () => {
      report = await wireProof.run({ ...live, quick: true, options: { data: dataRoot } });
    }, PATIENCE_MS);

    it("meets every fault, declares every end and loses nothing", () => {
      const { result, broken } = report;
      expect(broken).toEqual([]);
      expect(result).toMatchObject({
        faults: wireFaults.length,
        undeclared: 0,
        doubled: 0,
        silent: 0,
        strays: 0,
        toolDoubled: 0,
        quick: true,
      });
      expect(result["cases"]).toBeGreaterThan(600);
      expect(linesOf(result, "matrix")).toHaveLength(wireFaults.length);
    });

    it("plays 13 tasks with each loop at both rates", () => {
      const rows = linesOf(report.result, "rows");
      expect(rows.map(({ harness, wireFaults: rate }) => [harness, rate])).toEqual([
        ["Bridle", 0.05],
        ["Bridle stream", 0.05],
        ["Bridle", 0.15],
        ["Bridle stream", 0.15],
        ["AI SDK generateText", 0.05],
        ["AI SDK streamText", 0.05],
        ["AI SDK generateText", 0.15],
        ["AI SDK streamText", 0.15],
      ]);
      for (const row of rows) expect(row).toMatchObject({ tasks: 13, seeds: 1, modelError: 0 });
      for (const row of rows.slice(0, 4)) {
        expect(row).toMatchObject({ exact: 100, silent: 0, doubled: 0 });
      }
      expect(report.table.flat().join(" ")).toContain("simulated models");
    });
  });
});

function linesOf(result: JsonObject, name: string): readonly JsonObject[] {
  const lines = result[name];
  return Array.isArray(lines) ? lines.filter(isJsonObject) : [];
}
