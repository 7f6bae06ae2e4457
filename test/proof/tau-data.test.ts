import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findDataRoot, loadDomain } from "../../proof/tau/data.ts";
import { createTable } from "../../proof/tau/table.ts";
import { describeWithData } from "../real-data.ts";

describe("finding the public data", () => {
  let folder: string;
  const before = process.env["BRIDLE_DATA"];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "bridle-tau-"));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
    if (before === undefined) delete process.env["BRIDLE_DATA"];
    else process.env["BRIDLE_DATA"] = before;
  });

  function makeRoot(name: string): string {
    const root = join(folder, name);
    for (const checkout of ["tau-bench", "tau2-bench"]) {
      mkdirSync(join(root, checkout), { recursive: true });
    }
    return root;
  }

  it("takes the given path over BRIDLE_DATA, and BRIDLE_DATA over the default", () => {
    const given = makeRoot("given");
    const named = makeRoot("named");
    process.env["BRIDLE_DATA"] = named;
    expect(findDataRoot(given)).toBe(given);
    expect(findDataRoot()).toBe(named);
  });

  it("does not look on when the path named is not there", () => {
    process.env["BRIDLE_DATA"] = makeRoot("named");
    expect(() => findDataRoot(join(folder, "nowhere"))).toThrow(
      expect.objectContaining({ code: "usage", hint: expect.stringContaining("--data PATH") }),
    );
  });

  it("names the file that is missing, and only when it is asked for", () => {
    const domain = loadDomain("retail", makeRoot("empty"));
    expect(() => domain.freshDb()).toThrow(
      expect.objectContaining({ code: "usage", message: expect.stringContaining("db.json") }),
    );
  });

  it("says so when a file is not the public one", () => {
    const root = makeRoot("changed");
    const retail = join(root, "tau2-bench/data/tau2/domains/retail");
    mkdirSync(retail, { recursive: true });
    writeFileSync(join(retail, "db.json"), '{"orders":{"#1":{}}}');
    expect(() => loadDomain("retail", root).freshDb()).toThrow(
      expect.objectContaining({ code: "usage", message: expect.stringContaining("row #1") }),
    );
  });
});

describe("a table", () => {
  it("keeps its writes from every other table over the same rows", () => {
    const rows = new Map([["a", { n: 1 }]]);
    const one = createTable(rows);
    const other = createTable(rows);
    one.put("a", { n: 2 });
    one.put("b", { n: 3 });
    expect(one.get("a")).toEqual({ n: 2 });
    expect([...other.entries()]).toEqual([["a", { n: 1 }]]);
  });

  it("lists a rewritten row where it stood and an added one last", () => {
    const table = createTable(
      new Map([
        ["a", { n: 1 }],
        ["b", { n: 2 }],
      ]),
    );
    table.put("c", { n: 3 });
    table.put("a", { n: 9 });
    expect([...table.entries()].map(([rowId]) => rowId)).toEqual(["a", "b", "c"]);
  });
});

describeWithData("the public domains", (dataRoot) => {
  it("offer every public tool with its schema, and one tau2 added", () => {
    const airline = loadDomain("airline", dataRoot).tools;
    const retail = loadDomain("retail", dataRoot).tools;
    expect([airline.length, retail.length]).toEqual([14, 17]);
    expect(retail.at(-1)?.name).toBe("get_item_details");
    for (const tool of [...airline, ...retail]) {
      expect(tool.parameters["type"]).toBe("object");
      expect(tool.description).not.toBe("");
    }
  });

  it("call a write whatever changes something, the transfer to a person too", () => {
    const [airline, retail] = (["airline", "retail"] as const).map((name) => {
      const writes = loadDomain(name, dataRoot).tools.filter((tool) => tool.effect === "write");
      return writes.map((tool) => tool.name);
    });
    expect(airline).toEqual([
      "book_reservation",
      "cancel_reservation",
      "send_certificate",
      "transfer_to_human_agents",
      "update_reservation_baggages",
      "update_reservation_flights",
      "update_reservation_passengers",
    ]);
    expect(retail).toEqual([
      "cancel_pending_order",
      "exchange_delivered_order_items",
      "modify_pending_order_address",
      "modify_pending_order_items",
      "modify_pending_order_payment",
      "modify_user_address",
      "return_delivered_order_items",
      "transfer_to_human_agents",
    ]);
  });

  it("hold a policy and tau2's split of the tasks", () => {
    const splits = (["retail", "airline"] as const).map((name) => {
      const domain = loadDomain(name, dataRoot);
      expect(domain.policy).toContain("policy");
      return Object.groupBy(domain.tasks, (task) => task.split);
    });
    expect(splits.map((split) => [split.train?.length, split.test?.length])).toEqual([
      [74, 40],
      [30, 20],
    ]);
  });

  it("tell the user simulator who the user is, section by section", () => {
    const task = loadDomain("retail", dataRoot).tasks.find(({ id }) => id === "3");
    expect(task?.communicate).toEqual(["10"]);
    expect(task?.userPrompt.split("\n")).toEqual([
      "Instructions:",
      "\tDomain: retail",
      "\tReason for call:",
      expect.stringMatching(/^\t\tYou want to know exactly how many tshirt options/),
      "\tKnown info:",
      "\t\tYou are Yusuf Rossi in zipcode 19122.",
      "\tUnknown info:",
      "\t\tYou do not remember your email address",
      "\tTask instructions:",
      expect.stringMatching(/^\t\tYou are a private person/),
    ]);
  });

  it("give a fresh database in far less than 30 ms", () => {
    for (const name of ["retail", "airline"] as const) {
      const domain = loadDomain(name, dataRoot);
      domain.freshDb();
      const started = performance.now();
      for (let i = 0; i < 114; i++) domain.freshDb();
      expect((performance.now() - started) / 114).toBeLessThan(30);
    }
  });
});
