import { expect, it, onTestFinished } from "vitest";
import { loadDomain, type Domain } from "../../proof/tau/data.ts";
import { oracles, runKeyOf } from "../../proof/tau/models.ts";
import type { Task } from "../../proof/tau/task.ts";
import { openWireDesk } from "../../proof/wire/desk.ts";
import { peers } from "../../proof/wire/peers/list.ts";
import type { Peer } from "../../proof/wire/peers/peer.ts";
import { playPeer, type WirePlay } from "../../proof/wire/play.ts";
import { scoreWire, type ScoredCall } from "../../proof/wire/score.ts";
import { writeTasks } from "../../proof/wire/tasks.ts";
import {
  scriptedModel,
  startToolProxy,
  startWireServer,
  type ChatModel,
  type ScriptedStep,
} from "../../src/chaos/door.ts";
import { describeWithData } from "../real-data.ts";

interface Wire {
  readonly models: (runKey: string) => ChatModel | undefined;
  /** Between the peer and its model. */
  readonly faults?: readonly string[];
}

type PlayTask = (peer: Peer, domain: Domain, task: Task) => Promise<WirePlay>;

async function wire({ models, faults }: Wire): Promise<PlayTask> {
  const server = await startWireServer({ models });
  onTestFinished(() => server.close());
  const proxy =
    faults === undefined ? null : await startToolProxy({ upstream: server.url, faults });
  if (proxy !== null) onTestFinished(() => proxy.close());
  return (peer, domain, task) => {
    const own = server.urlFor(runKeyOf(task));
    const baseURL = proxy === null ? own : own.replace(server.url, proxy.url);
    const signal = AbortSignal.timeout(20_000);
    return playPeer(peer, { domain, task }, { baseURL, patienceMs: 500, signal });
  };
}

function peerNamed(name: string): Peer {
  const peer = peers.find((candidate) => candidate.name === name);
  if (peer === undefined) throw new Error(`There is no peer "${name}"`);
  return peer;
}

describeWithData("the peers on the wire", (dataRoot) => {
  const retail = loadDomain("retail", dataRoot);
  const airline = loadDomain("airline", dataRoot);

  it("have the 130 tasks that write", () => {
    expect([writeTasks(retail).length, writeTasks(airline).length]).toEqual([104, 26]);
  });

  it.each(peers.map(({ name }) => name))("%s plays tasks to the reference state", async (name) => {
    for (const domain of [retail, airline]) {
      const tasks = writeTasks(domain).filter((_task, index) => index % 9 === 0);
      const play = await wire({ models: oracles(tasks).find });
      const played = await Promise.all(tasks.map((task) => play(peerNamed(name), domain, task)));
      expect(played.length).toBeGreaterThan(2);
      for (const [index, score] of played.entries()) {
        expect(score).toMatchObject({
          isExact: true,
          isSilent: false,
          doubled: 0,
          claimedDone: true,
          error: null,
          executed: tasks[index]?.actions.length,
        });
      }
    }
  });

  it.each(peers.map(({ name }) => name))("%s says so when it is left half-way", async (name) => {
    const task = writeTasks(retail)[0];
    if (task === undefined) throw new Error("no task");
    const play = await wire({ models: oracles([task]).find, faults: ["error_after_commit"] });
    // Retries that wait for seconds are not what this is about.
    const signal = AbortSignal.timeout(1_500);
    const never: Peer = {
      ...peerNamed(name),
      play: (desk, at) => peerNamed(name).play(desk, { ...at, signal }),
    };
    const score = await play(never, retail, task);
    expect(score).toMatchObject({ claimedDone: false, isExact: false, isSilent: false });
    expect(score.error).not.toBe("");
    expect(score.executed).toBe(0);
  });

  it.each(peers.map(({ name }) => name).filter((name) => name !== "bare loop"))(
    "%s is set up to survive one failed, one reset and one silent request",
    async (name) => {
      const tasks = writeTasks(retail).slice(0, 2);
      for (const fault of ["fail_before@2", "refuse_before@2", "timeout_after_commit@2"]) {
        const play = await wire({ models: oracles(tasks).find, faults: [fault] });
        const played = await Promise.all(tasks.map((task) => play(peerNamed(name), retail, task)));
        expect(played.map(({ isExact, claimedDone }) => isExact && claimedDone)).toEqual([
          true,
          true,
        ]);
      }
    },
  );

  it("the bare loop gives up at the first failed request", async () => {
    const task = writeTasks(retail)[0];
    if (task === undefined) throw new Error("no task");
    const play = await wire({ models: oracles([task]).find, faults: ["fail_before@2"] });
    const score = await play(peerNamed("bare loop"), retail, task);
    expect(score).toMatchObject({ claimedDone: false, isSilent: false, executed: 1 });
    expect(score.error).toContain("HTTP 503");
  });

  const slips: readonly ScriptedStep[] = [
    { call: { name: "get_order_details", arguments: { order_id: 7 } } },
    { call: { name: "no_such_tool", arguments: {} } },
    { call: { name: "get_order_details", arguments: { order_id: "#W0000001" } } },
    { text: "Done." },
  ];

  it.each([
    ["bare loop", 1],
    ["AI SDK generateText", 0],
    ["AI SDK streamText", 0],
    ["OpenAI Agents stream", 0],
  ])("%s goes on after a wrong call and runs %i that no schema accepts", async (name, invalid) => {
    const task = writeTasks(retail)[0];
    if (task === undefined) throw new Error("no task");
    const play = await wire({ models: () => scriptedModel(slips) });
    const score = await play(peerNamed(name), retail, task);
    // It claims to be done and has written nothing: that is what silent means.
    expect(score).toMatchObject({ claimedDone: true, isSilent: true, invalidExecuted: invalid });
    expect(score.executed).toBe(1 + invalid);
  });

  it("a write applied twice is counted, one that the reference repeats is not", () => {
    const task = writeTasks(retail)[0];
    if (task === undefined) throw new Error("no task");
    const writes = new Set(
      retail.tools.filter(({ effect }) => effect === "write").map(({ name }) => name),
    );
    const write = task.actions.find(({ name }) => writes.has(name));
    if (write === undefined) throw new Error("no write");
    const done: ScoredCall = { ...write, effect: "write", kind: "result" };
    const { db } = openWireDesk(retail, task);
    const doubled = (calls: readonly ScoredCall[], of: Task = task): number =>
      scoreWire(retail, { task: of, db, calls, claimedDone: true }).doubled;
    expect(doubled([done])).toBe(0);
    expect(doubled([done, done, done])).toBe(2);
    expect(doubled([done, { ...done, kind: "refused" }])).toBe(0);
    expect(doubled([done, { ...done, effect: "read" }])).toBe(0);
    expect(doubled([done, { ...done, arguments: { other: true } }])).toBe(0);
    expect(doubled([done, done], { ...task, actions: [write, write] })).toBe(0);
  });
});
