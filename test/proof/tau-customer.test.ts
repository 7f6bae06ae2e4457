import fc from "fast-check";
import { expect, it, onTestFinished } from "vitest";
import { openDesks, tauAgent } from "../../proof/tau/agent.ts";
import { customerTools, scriptedCustomer, type Customer } from "../../proof/tau/customer.ts";
import { loadDomain } from "../../proof/tau/data.ts";
import type { Task, TaskAction } from "../../proof/tau/task.ts";
import { scriptedModel, startWireServer } from "../../src/chaos/door.ts";
import { harness, memoryStore } from "../../src/index.ts";
import { canonicalJson, type Json } from "../../src/std/json.ts";
import { describeWithData } from "../real-data.ts";

describeWithData("the scripted customer", (dataRoot) => {
  const domains = [loadDomain("airline", dataRoot), loadDomain("retail", dataRoot)] as const;
  const [airline] = domains;
  const writesOf = (task: Task): readonly TaskAction[] => {
    const domain = task.domain === "airline" ? airline : domains[1];
    const writes = domain.tools.filter(({ effect }) => effect === "write");
    return task.actions.filter(({ name }) => writes.some((tool) => tool.name === name));
  };
  let asked = 0;
  const ask = (customer: Customer, action: TaskAction, key = `key ${asked++}`): string =>
    customer.ask({ tool: action.name, input: action.arguments, key }).why;
  const task = airline.tasks.find((one) => {
    const names = writesOf(one).map(({ name }) => name);
    return names.length > 1 && new Set(names).size === names.length;
  });
  if (task === undefined) throw new Error("no task with two kinds of writes");
  const [first, second] = writesOf(task);
  if (first === undefined || second === undefined) throw new Error("no two writes");

  it("says yes to every wanted write in order, and then that all is done (U1)", () => {
    let agreed = 0;
    for (const domain of domains) {
      for (const one of domain.tasks) {
        const customer = scriptedCustomer(domain, one);
        for (const action of writesOf(one)) {
          expect(customer.remaining().isDone).toBe(false);
          expect(ask(customer, action)).toBe("wanted");
          agreed += 1;
        }
        expect(customer.remaining().isDone).toBe(true);
      }
    }
    expect(agreed).toBeGreaterThan(200);
  });

  it("says no to other arguments, to what comes later, and to a second time (U1)", () => {
    const customer = scriptedCustomer(airline, task);
    expect(ask(customer, second)).toBe("later");
    expect(ask(customer, { ...first, arguments: { ...first.arguments, x: 1 } })).toBe("details");
    expect(ask(customer, { name: "send_certificate", arguments: { amount: 9 } })).toBe(
      "not wanted",
    );
    expect(ask(customer, first)).toBe("wanted");
    expect(ask(customer, first)).toBe("agreed before");
    expect(ask(customer, second)).toBe("wanted");
    expect(customer.counted()).toEqual({
      wanted: 2,
      details: 1,
      later: 1,
      "agreed before": 1,
      "not wanted": 1,
    });
  });

  it("takes any words for handing over to a person", () => {
    const transfer = { name: "transfer_to_human_agents", arguments: { summary: "as planned" } };
    const customer = scriptedCustomer(airline, { ...task, actions: [transfer] });
    expect(ask(customer, { ...transfer, arguments: { summary: "other words" } })).toBe("wanted");
  });

  it("gives the same answer to the same question under the same key (U2)", () => {
    const customer = scriptedCustomer(airline, task);
    expect([ask(customer, first, "a"), ask(customer, first, "a")]).toEqual(["wanted", "wanted"]);
    expect(ask(customer, first, "b")).toBe("agreed before");
    expect(customer.counted()).toMatchObject({ wanted: 1, "agreed before": 1 });
  });

  it("agrees to no call that differs from the wanted one in any argument (U1)", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.json(), (name, json) => {
        const value: Json = JSON.parse(json);
        const input = { ...first.arguments, [name]: value };
        fc.pre(canonicalJson(input) !== canonicalJson(first.arguments));
        const customer = scriptedCustomer(airline, task);
        expect(ask(customer, { name: first.name, arguments: input })).not.toBe("wanted");
        expect(ask(customer, first)).toBe("wanted");
      }),
    );
  });

  it("never says an argument of what it wants (U3)", () => {
    let looked = 0;
    const listen = (customer: Customer, action: TaskAction): void => {
      const wrong = { tool: action.name, input: {}, key: `${asked++}` };
      const said = `${customer.remaining().text} ${customer.ask(wrong).text}`;
      for (const leaf of leavesOf(action.arguments).filter((text) => text.length > 3)) {
        looked += 1;
        expect(said).not.toContain(leaf);
      }
      ask(customer, action);
    };
    for (const domain of domains) {
      for (const one of domain.tasks) {
        const customer = scriptedCustomer(domain, one);
        for (const action of writesOf(one)) listen(customer, action);
      }
    }
    expect(looked).toBeGreaterThan(1000);
  });

  it("is asked by a run through the harness, and by no other run", async () => {
    const desks = openDesks(airline);
    const customer = scriptedCustomer(airline, task);
    const asks: string[] = [];
    const tools = customerTools((runId) => {
      asks.push(runId);
      return customer;
    });
    const proposal = { tool: first.name, input: first.arguments };
    const server = await startWireServer({
      models: () =>
        scriptedModel([
          { call: { name: "ask_customer", arguments: { tool: first.name, input: {} } } },
          { call: { name: "ask_customer", arguments: proposal } },
          { call: { name: "ask_customer_done", arguments: {} } },
          { text: "Done." },
        ]),
    });
    onTestFinished(() => server.close());
    const model = { baseURL: server.urlFor("any"), modelId: "any" };
    const desk = tauAgent(airline, { ...desks, tools: { ...desks.tools, ...tools } }, model);
    const bridle = await harness({ agents: [desk], store: memoryStore() });
    onTestFinished(() => bridle.close());
    const run = await bridle.start(desk, { input: { taskId: task.id, request: "Help me." } });
    expect(await run.outcome()).toMatchObject({ kind: "succeeded" });
    expect(asks).toEqual([run.runId, run.runId, run.runId]);
    expect(customer.counted()).toMatchObject({ wanted: 1, details: 1 });
    const told = (await run.events()).flatMap((event) =>
      event.kind === "call.completed" ? [JSON.stringify(event)] : [],
    );
    expect(told[0]).toContain("not like this");
    expect(told[1]).toContain("Yes, please do that.");
    expect(told[2]).toContain(second.name.replaceAll("_", " "));
  });
});

/** Every text and number in a value. */
function leavesOf(value: Json | undefined): readonly string[] {
  if (typeof value === "string" || typeof value === "number") return [String(value)];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap((inner: Json | undefined) => leavesOf(inner));
}
