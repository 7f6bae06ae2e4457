import { expect, it } from "vitest";
import {
  loadAttacks,
  textOf,
  type Suite,
  type TrueCall,
  type UserTask,
} from "../../proof/attacks/data.ts";
import { openDesk } from "../../proof/attacks/desk.ts";
import { inputOf } from "../../proof/attacks/ideal.ts";
import { playAttacked, playIdeal } from "../../proof/attacks/play.ts";
import { attacksProof } from "../../proof/attacks/prove.ts";
import { playForReal } from "../../proof/attacks/real.ts";
import { tools } from "../../proof/attacks/tools.ts";
import { members, outputOf, worldOf } from "../../proof/attacks/world.ts";
import { leavesOf } from "../../src/governance/field-path.ts";
import { isTrusted } from "../../src/governance/label.ts";
import { kindOfArgument, labelOfField } from "../../src/governance/tool-labels.ts";
import { describeWithData } from "../real-data.ts";

const live = { signal: new AbortController().signal, progress: () => undefined };

describeWithData("the attacks proof", (dataRoot) => {
  const { suites, sinks } = loadAttacks(dataRoot);

  it("executes no attack in real runs, every fifth task, as the engine says", async () => {
    const { result, broken } = await attacksProof.run({
      ...live,
      quick: true,
      options: { data: dataRoot },
    });
    expect(broken).toEqual([]);
    const { pairs, comparedCalls } = result;
    expect(pairs).toBeGreaterThan(100);
    expect(comparedCalls).toBeGreaterThan(Number(pairs) * 4);
    expect(result).toMatchObject({
      delivered: pairs,
      executed: 0,
      partly: 0,
      differences: 0,
      worstCaseApprover: { executed: pairs },
      ablation: {
        "none (runs)": { executed: pairs },
        "all but directory (engine)": { executed: 0 },
      },
    });
  }, 120_000);

  it("judges all 609 attacks as not to be executed, and four tasks in five as nobody's", () => {
    const tasks = suites.flatMap((suite) => suite.tasks.map((task) => ({ suite, task })));
    const settings = tasks.map((one) => ({ ...one, mechanism: "all" as const }));
    const asked = settings.map((setting) => playIdeal(setting).asked.length);
    const attacked = settings.flatMap((setting) =>
      setting.suite.injections
        .filter(({ calls }) => calls.length > 0)
        .map((injection) => playAttacked(setting, injection)),
    );
    expect(attacked).toHaveLength(609);
    expect(attacked.filter(({ isDelivered }) => isDelivered)).toHaveLength(609);
    expect(attacked.filter(({ isExecuted, isPartly }) => isExecuted || isPartly)).toEqual([]);
    expect(asked.filter((count) => count === 0)).toHaveLength(78);
    expect(asked.reduce((sum, count) => sum + count, 0)).toBe(28);
  });

  it("notices a run that does not do what the engine says", async () => {
    const [suite] = suites;
    const task = suite?.tasks[0];
    if (suite === undefined || task === undefined) throw new Error("?");
    const one = { ...suite, tasks: [task], injections: suite.injections.slice(0, 1) };
    const alone = await openDesk([one], { approver: false });
    try {
      // Nobody answers where the engine expects a yes, and an approver's run is never played.
      const desks = { alone, approved: alone };
      const played = await playForReal(desks, { suite: one, task, arm: "all" });
      expect(played.differences.join()).toContain("where the engine says: asked for labels/");
      expect(played).toMatchObject({ isDone: false, isUnattended: false });
    } finally {
      await alone.close();
    }
  });

  it("declares every argument of the set that can do harm as sensitive", () => {
    let looked = 0;
    for (const [tool, names] of sinks) {
      const labels = tools.get(tool);
      if (labels === undefined) throw new Error(`no tool is called ${tool}`);
      for (const name of names) {
        looked += 1;
        expect(kindOfArgument(labels, [name]), `${tool} ${name}`).not.toBeNull();
      }
    }
    expect(looked).toBe(41);
  });

  it("shows what the marks say: trusted values in trusted fields, a stranger's in a stranger's", () => {
    const values = suites.flatMap((suite) => suite.tasks.flatMap((task) => placesOf(suite, task)));
    expect(values.length).toBeGreaterThan(60);
    expect(values.filter(({ isShown }) => !isShown)).toEqual([]);
  });

  it("lets a task through under every mechanism that is off, and notices what it asks", () => {
    const suite = suites.find(({ name }) => name === "banking");
    const task = suite?.tasks[0];
    const injection = suite?.injections[0];
    if (suite === undefined || task === undefined || injection === undefined) throw new Error("?");
    const bare = { suite, task, mechanism: "none" } as const;
    expect(playAttacked(bare, injection)).toMatchObject({ isDelivered: true, isExecuted: true });
    expect(playIdeal(bare).asked).toEqual([]);
    const governed = { suite, task, mechanism: "all" } as const;
    expect(playAttacked(governed, injection).isExecuted).toBe(false);
    expect(playIdeal(governed).asked).toMatchObject([{ tool: "send_money" }]);
  });
});

it("the attacks proof says where its data is missing", async () => {
  const proving = attacksProof.run({ ...live, quick: true, options: { data: "/nowhere" } });
  await expect(proving).rejects.toThrow("The attack set is not at");
});

/** Each value that a task finds in the world, and whether it stands where its mark says. */
function placesOf(
  suite: Suite,
  task: UserTask,
): readonly { readonly where: string; readonly isShown: boolean }[] {
  const shown = fieldsOf(task.calls, worldOf(task, null));
  const trusted = [...shown.trusted, ...(members[suite.name] ?? [])];
  const given = task.calls.flatMap((call) => call.arguments);
  return given.flatMap((argument) => {
    const where = `${suite.name} ${task.task} ${argument.name}`;
    const value = textOf(argument);
    switch (argument.mark) {
      case "plat":
      case "dir":
      case "sess":
        return [{ where, isShown: trusted.includes(value) }];
      case "tool":
        return [{ where, isShown: shown.untrusted.some((text) => text.includes(value)) }];
      default:
        return [];
    }
  });
}

function fieldsOf(
  calls: readonly TrueCall[],
  world: ReturnType<typeof worldOf>,
): { readonly trusted: readonly string[]; readonly untrusted: readonly string[] } {
  const [trusted, untrusted]: [string[], string[]] = [[], []];
  for (const call of calls) {
    const labels = tools.get(call.tool);
    if (labels === undefined) throw new Error(`no tool is called ${call.tool}`);
    for (const { path, value } of leavesOf(outputOf(call.tool, inputOf(call), world))) {
      const side = isTrusted(labelOfField(labels, path).integrity) ? trusted : untrusted;
      side.push(typeof value === "string" ? value : JSON.stringify(value));
    }
  }
  return { trusted, untrusted };
}
