/**
 * What one policy decision costs: the whole way from a request to an answer, and Cedar's own
 * engine for the same request over the same policies, prepared beforehand. Prints one row a size.
 */
import { parseArgs } from "node:util";
import { openCedar } from "../src/governance/policy/cedar.ts";
import { entityJson, membersJson } from "../src/governance/policy/foreign.ts";
import { loadPolicies, type PolicySet } from "../src/governance/policy/load.ts";
import { readRequest, type CallRequest } from "../src/governance/policy/request.ts";

const { values } = parseArgs({
  options: { dir: { type: "string" }, count: { type: "string" } },
});
const COUNT = Number(values.count ?? 1000);
const OWN_SAMPLES = 50_000;
/** Cedar walks every policy: fewer samples where one takes milliseconds. */
const CEDAR_SAMPLES = COUNT > 5000 ? 60 : 400;

const resource = '"resource":{"id":"ID","attributes":{"totalCents":900000}}';

/** Four rules for everybody; then limits by tenant, exceptions by user, freezes by order, in turn. */
function policyText(count: number): string {
  const call = (user: string, cents: number, id = "o"): string =>
    `{"tool":"refund","input":{"amountCents":${cents}},"user":${user},${resource.replace("ID", id)}}`;
  const lines = [
    '@id("read") permit (principal, action in Action::"read", resource);',
    '//@ allow {"tool":"find","input":{}}',
    '@id("beyond") @reason("more than it cost") forbid (principal, action == Action::"refund", resource)',
    "when { context.input.amountCents > resource.totalCents };",
    `//@ deny ${call('{"tenant":"t4"}', 900_001)}`,
    '@id("daily") @ask("Above the daily limit?") forbid (principal, action in Action::"write", resource)',
    "when { context.past.today > 100000 };",
    `//@ ask ${call('{"tenant":"t4"}', 1).replace("{", '{"tallies":{"today":100001},')}`,
    '@id("tainted") @reason("an untrusted amount") forbid (principal, action in Action::"write", resource)',
    'when { context.doubtful.contains("amountCents") };',
    `//@ deny ${call('{"tenant":"t4"}', 1).replace("{", '{"doubtful":["amountCents"],')}`,
    "//@ tally today = sum_within(refund, input.amountCents, 24h, by user)",
  ];
  for (let i = 4; i < count; i++) lines.push(...rule(i, call));
  return lines.join("\n");
}

type Call = (user: string, cents: number, id?: string) => string;

function rule(i: number, call: Call): readonly string[] {
  const head = `@id("r${i}") @reason("r${i}")`;
  if (i % 3 === 1) {
    return [
      `${head} permit (principal, action == Action::"refund", resource)`,
      `when { principal.tenant == "t${i}" && context.input.amountCents <= ${1000 + i} };`,
      `//@ allow ${call(`{"tenant":"t${i}"}`, 1000 + i)}`,
    ];
  }
  if (i % 3 === 2) {
    return [
      `${head} permit (principal == User::"t${i}/chief", action == Action::"refund", resource);`,
      `//@ allow ${call(`{"tenant":"t${i}","id":"chief"}`, 5)}`,
    ];
  }
  return [
    `${head} forbid (principal, action == Action::"refund", resource == Order::"frozen-${i}");`,
    `//@ deny ${call('{"tenant":"t4"}', 5, `frozen-${i}`)}`,
  ];
}

const started = performance.now();
const set = await loadPolicies(
  { texts: [{ name: "bench.cedar", text: policyText(COUNT) }] },
  {
    agent: "bench",
    tools: [
      {
        name: "refund",
        effect: "once",
        inputSchema: {
          type: "object",
          properties: { amountCents: { type: "integer" }, note: { type: "string" } },
          required: ["amountCents"],
        },
        resource: {
          type: "Order",
          attributes: {
            type: "object",
            properties: { totalCents: { type: "integer" } },
            required: ["totalCents"],
          },
        },
      },
      { name: "find", effect: "read", inputSchema: { type: "object", properties: {} } },
    ],
  },
);
const loadMs = Math.round(performance.now() - started);

/** A tenant with a limit of its own, below it and above it in turn. */
function requestOf(i: number): CallRequest {
  const tenant = `t${4 + 3 * (i % Math.max(1, Math.floor((COUNT - 4) / 3)))}`;
  return {
    kind: "call",
    agent: "bench",
    tool: "refund",
    input: { amountCents: i % 2 === 0 ? 500 : 50_000, note: "as agreed" },
    principal: { id: "u1", tenant, roles: ["clerk"], kind: "user" },
    resource: { type: "Order", id: "o1", tenant, attributes: { totalCents: 90_000 } },
    labels: { untrusted: false, doubtful: [] },
    tallies: { today: 1000 },
    facts: {},
    approved: false,
  };
}

function measure(samples: number, decide: (request: CallRequest) => string): Figures {
  const verdicts = new Map<string, number>();
  const times: number[] = [];
  for (let i = 0; i < samples; i++) {
    const request = requestOf(i);
    const begun = performance.now();
    const verdict = decide(request);
    times.push((performance.now() - begun) * 1000);
    verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1);
  }
  times.sort((a, b) => a - b);
  const at = (share: number): number =>
    Math.round((times[Math.floor(times.length * share)] ?? 0) * 100) / 100;
  return { p50: at(0.5), p99: at(0.99), allowed: (verdicts.get("allow") ?? 0) / samples };
}

interface Figures {
  readonly p50: number;
  readonly p99: number;
  readonly allowed: number;
}

/** Cedar is handed values made beforehand: only its own work is measured. */
function measureCedar({ parts }: PolicySet): Figures {
  const { rules, reading } = parts;
  const cedar = openCedar("engine");
  const policies = Object.fromEntries(rules.map(({ id, text }) => [id, text]));
  cedar.preparsePolicySet("bench", { staticPolicies: policies });
  return measure(CEDAR_SAMPLES, (request) => {
    const ask = readRequest(request, reading);
    if ("misfit" in ask) return "misfit";
    const { principal, action, resource } = ask;
    const answer = cedar.statefulIsAuthorized({
      principal: { type: principal.ref.type, id: principal.ref.id },
      action: { type: action.ref.type, id: action.ref.id },
      resource: { type: resource.ref.type, id: resource.ref.id },
      context: membersJson(ask.context.members),
      preparsedPolicySetId: "bench",
      entities: [principal, action, resource].map(entityJson),
    });
    return answer.type === "success" ? answer.response.decision : "failure";
  });
}

measure(OWN_SAMPLES, (request) => set.decide(request).verdict);
const own = measure(OWN_SAMPLES, (request) => set.decide(request).verdict);
const cedar = measureCedar(set);
if (own.allowed !== cedar.allowed || own.allowed !== 0.5) throw new Error("the two disagree");
const row = {
  kind: "policy decision",
  policies: set.ids.length,
  loadMs,
  p50Us: own.p50,
  p99Us: own.p99,
  cedarP50Us: cedar.p50,
  cedarP99Us: cedar.p99,
  ratio: Math.round(cedar.p50 / own.p50),
};
process.stdout.write(`${JSON.stringify(row)}\n`);
