/** Addresses are changed, after the customer was identified. */
import { must, never } from "../../../src/index.ts";
import { factsWith, keyed, rowsOf, type Plan, type Scenario, type Task } from "../plan.ts";
import { textOf } from "../text.ts";

const fields = { customer: "text", kind: "text", city: "text", zip: "text" } as const;

export const addresses: Scenario = {
  name: "addresses",
  domain: "addresses",
  obliges: true,
  cited: false,
  completes: [],
  tools: (kit) => ({
    find_customer: kit.look("find_customer", {
      says: "Use this to see the addresses of a customer.",
      fields: { customer: "text" },
    }),
    preview_address: kit.look("preview_address", {
      says: "Use this to see how an address would be printed. It changes nothing.",
      fields,
    }),
    verify_identity: kit.act("verify_identity", {
      says: "Use this to check the code that the customer gave.",
      fields: { customer: "text", code: "text" },
      claims: ["identified"],
    }),
    change_address: kit.act("change_address", {
      says: "Use this to change one address of an identified customer.",
      fields,
      claims: ["address is changed", "has been moved to"],
    }),
  }),
  gate: (kit) => ({
    obligations: ({ order }) => {
      const changes = rowsOf(order, "changes");
      const { customer, code } = order;
      if (changes.length === 0 || typeof customer !== "string") return [];
      const input = { customer, code };
      return [
        { id: "verify", what: "identify the customer", tool: "verify_identity", input },
        ...changes.map((change) => ({
          id: `address.${textOf(change["kind"])}`,
          what: `change the ${textOf(change["kind"])} address`,
          tool: "change_address",
          input: change,
        })),
      ];
    },
    done: [
      must("every changed address was changed after the check", async ({ runId }) => {
        const { addresses = [] } = await kit.facts(runId);
        return addresses
          .filter(({ verified }) => verified === false)
          .map(({ kind }) => `the ${textOf(kind)} address was changed without it`);
      }),
      never("an address is another than before or than asked for", async ({ runId, input }) => {
        const { addresses = [], checks = [] } = await kit.facts(runId);
        const wanted = [...rowsOf(input.order, "changes"), ...rowsOf(input.order, "before")];
        const isKnown = (each: (typeof addresses)[number]): boolean =>
          wanted.some((row) => fieldsEqual(row, each));
        return (
          !addresses.every(isKnown) ||
          checks.some((each) => each["customer"] !== input.order["customer"])
        );
      }),
    ],
  }),
  plan: planOf,
};

function fieldsEqual(
  row: Readonly<Record<string, unknown>>,
  each: Readonly<Record<string, unknown>>,
): boolean {
  return Object.keys(fields).every((name) => row[name] === each[name]);
}

function planOf(numbers: Parameters<Scenario["plan"]>[0], asks: boolean): Plan {
  const [customer, other, code] = [numbers.code("K"), numbers.code("K"), numbers.code("X")];
  const addressOf = (whose: string, kind: string): Record<keyof typeof fields, string> => ({
    customer: whose,
    kind,
    city: numbers.code("Town"),
    zip: textOf(numbers.whole(10_000, 99_999)),
  });
  const before = ["home", "billing", "work"].map((kind) => addressOf(customer, kind));
  const foreign = addressOf(other, "home");
  const changes = asks ? [] : ["home", "billing"].map((kind) => addressOf(customer, kind));
  const seed = { addresses: keyed([...before, foreign], "customer", "kind") };
  const verify: Task = {
    id: "verify",
    tool: "verify_identity",
    args: { customer, code },
    says: "You are identified",
    denies: "You could not be identified",
  };
  const tasks = changes.map((args): Task => {
    const { kind, city } = args;
    return {
      id: `address.${kind}`,
      tool: "change_address",
      args,
      says: `Your ${kind} address is changed to ${city}`,
      denies: `We could not make it so that your ${kind} address is changed`,
    };
  });
  return {
    seed,
    order: { customer, code, changes, before: [...before, foreign] },
    request: asks
      ? `Which addresses of ${customer} do you have?`
      : `I am ${customer}, code ${code}. I have moved.`,
    looks: [{ tool: "find_customer", args: { customer } }],
    tasks: asks ? [] : [verify, ...tasks],
    isOrdered: true,
    plain: ["No other address is changed."],
    demand: (done) => {
      const verified = done.some(({ id }) => id === "verify");
      const now = [...before, foreign].map((address) => {
        const task = done.find(
          ({ id }) => address.customer === customer && id === `address.${address.kind}`,
        );
        return task === undefined ? address : { ...task.args, verified };
      });
      return factsWith(seed, { addresses: now, ...(verified ? { checks: [verify.args] } : {}) });
    },
    spoils: {
      amount: ({ args }) => ("zip" in args ? { ...args, zip: "00000" } : null),
      target: ({ args }) => ("kind" in args ? { ...args, kind: "work" } : null),
      foreign: ({ args }) => ({ ...args, customer: other }),
      extra: { tool: "change_address", args: { ...addressOf(customer, "work") } },
      instead: ({ args }) => ({
        tool: "preview_address",
        args: { customer, kind: "home", city: "-", zip: "-", ...("kind" in args ? args : {}) },
      }),
    },
  };
}
