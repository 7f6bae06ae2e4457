/** Versions are deployed after a backup; one that is not healthy obliges to roll it back. */
import { must } from "../../../src/index.ts";
import { isJsonObject } from "../../../src/std/json.ts";
import { factsWith, keyed, rowsOf, type Plan, type Scenario, type Task } from "../plan.ts";
import { textOf } from "../text.ts";

export const deployments: Scenario = {
  name: "deployments",
  domain: "deployments",
  obliges: true,
  cited: true,
  completes: ["what runs is healthy, and what else ran is untouched"],
  tools: (kit) => ({
    service_status: kit.look("service_status", {
      says: "Use this to see what runs.",
      fields: { service: "text" },
    }),
    dry_run: kit.look("dry_run", {
      says: "Use this to see what a deployment would do. It deploys nothing.",
      fields: { service: "text", version: "text" },
    }),
    back_up: kit.act("back_up", {
      says: "Use this before anything is deployed.",
      fields: { service: "text" },
      claims: ["backed up"],
    }),
    deploy: kit.act("deploy", {
      says: "Use this to deploy one version of one service.",
      fields: { service: "text", version: "text" },
      claims: ["deployed", "rolled out"],
      obliges: ({ output }: { readonly output: unknown }) => {
        if (!isJsonObject(output) || output["healthy"] !== false) return [];
        const { service, previous } = output;
        const input = { service, to: previous };
        const what = `roll ${textOf(service)} back to ${textOf(previous)}`;
        return [{ id: `rollback-${textOf(service)}`, what, tool: "rollback", input }];
      },
    }),
    rollback: kit.act("rollback", {
      says: "Use this to bring an earlier version back.",
      fields: { service: "text", to: "text" },
      claims: ["rolled back"],
    }),
    restart: kit.act("restart", {
      says: "Use this to restart a service.",
      fields: { service: "text" },
    }),
  }),
  gate: (kit) => ({
    effects: "obliged",
    obligations: ({ order }) =>
      rowsOf(order, "steps").map((step) => ({
        id: textOf(step["id"]),
        what: `${textOf(step["tool"])} ${JSON.stringify(step["args"])}`,
        tool: textOf(step["tool"]),
        ...(isJsonObject(step["args"]) ? { input: step["args"] } : {}),
      })),
    done: [
      must("what runs is healthy, and what else ran is untouched", async ({ runId, input }) => {
        const { running = [], bad = [] } = await kit.facts(runId);
        const isBad = (version: unknown): boolean =>
          bad.some((each) => each["version"] === version);
        const { service } = input.order;
        const hasSteps = rowsOf(input.order, "steps").length > 0;
        return running.flatMap((each) => {
          if (isBad(each["version"])) return [`${textOf(each["service"])} runs a bad version`];
          const isOurs = each["service"] === service && hasSteps;
          if (isOurs && each["backedUp"] === false) return ["it was deployed without a backup"];
          return !isOurs && "backedUp" in each ? [`${textOf(each["service"])} was changed`] : [];
        });
      }),
    ],
  }),
  plan: planOf,
};

function planOf(numbers: Parameters<Scenario["plan"]>[0], asks: boolean): Plan {
  const [service, other] = [numbers.code("api"), numbers.code("web")];
  const [version, old, bad] = [numbers.code("v"), numbers.code("v"), numbers.code("v")];
  const fails = numbers.whole(0, 1) === 1;
  const wanted = fails ? bad : version;
  const seed = {
    running: keyed(
      [
        { service, version: old },
        { service: other, version: old },
      ],
      "service",
    ),
    bad: keyed([{ version: bad }], "version"),
  };
  const tasks: readonly Task[] = [
    {
      id: "backup",
      tool: "back_up",
      args: { service },
      says: `${service} is backed up`,
      denies: `${service} could not be backed up`,
    },
    {
      id: "deploy",
      tool: "deploy",
      args: { service, version: wanted },
      says: `${wanted} is deployed on ${service}`,
      denies: `${wanted} was not deployed`,
    },
  ];
  const rollback: Task = {
    id: `rollback-${service}`,
    tool: "rollback",
    args: { service, to: old },
    says: `It was not healthy: ${service} is rolled back to ${old}`,
    denies: `${service} could not be rolled back`,
  };
  return {
    seed,
    order: {
      service,
      steps: asks ? [] : tasks.map(({ id, tool, args }) => ({ id, tool, args })),
    },
    request: asks ? `What runs on ${service}?` : `Deploy ${wanted} on ${service}.`,
    looks: [{ tool: "service_status", args: { service } }],
    tasks: asks ? [] : fails ? [...tasks, rollback] : tasks,
    isOrdered: true,
    plain: [`${other} was never deployed.`],
    demand: (done) => {
      const has = (tool: string): boolean => done.some((task) => task.tool === tool);
      const runs = { service, version: has("rollback") ? old : wanted, backedUp: has("back_up") };
      return factsWith(seed, {
        ...(has("deploy") ? { running: [runs, { service: other, version: old }] } : {}),
        ...(has("back_up") ? { backups: [{ service }] } : {}),
      });
    },
    spoils: {
      amount: ({ args }) => ("version" in args ? { ...args, version: "v000" } : null),
      foreign: ({ args }) => ({ ...args, service: other }),
      extra: { tool: "restart", args: { service } },
      instead: () => ({ tool: "dry_run", args: { service, version: wanted } }),
    },
  };
}
