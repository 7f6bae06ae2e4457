/**
 * `prove cedar`: random policies over a random world, each request answered twice: by the closures
 * that decide in production and by Cedar's own engine. They must agree on the decision, on every
 * rule that decided and on every rule that erred.
 */
import { openCedar, type Cedar } from "../../src/governance/policy/cedar.ts";
import { walk } from "../../src/governance/policy/expression.ts";
import { entityJson } from "../../src/governance/policy/foreign.ts";
import { createJudge, type Judge } from "../../src/governance/policy/judge.ts";
import { readRule, type Rule } from "../../src/governance/policy/rule.ts";
import { seededRandom, type Random } from "../../src/std/random.ts";
import { ProofUsageError, type Proof, type ProofContext, type ProofReport } from "../proof.ts";
import { cedarOpinion, isSameOpinion, ownOpinion } from "./compare.ts";
import { makePolicy } from "./policies.ts";
import { makeAsk, makeWorld } from "./world.ts";

export const cedarProof: Proof = {
  name: "cedar",
  guarantee: "G4 Nothing happens ungoverned",
  summary: "random policies and requests, decided by the compiled engine and by Cedar's own",
  options: [
    {
      name: "requests",
      kind: "number",
      placeholder: "N",
      summary: "how many, 200,000 if not said",
    },
    { name: "seed", kind: "number", placeholder: "N", summary: "of the policies and requests" },
  ],
  examples: ["", "--quick", "--requests 1000000 --seed 7", "--json"],
  run,
};

const REQUESTS = 200_000;
const REQUESTS_QUICK = 5_000;
const REQUESTS_PER_SET = 250;
const POLICIES_PER_SET = 10;
/** So many differences are told in full. */
const TOLD_MAX = 5;
const ALLOWS_MIN = 0.3;

interface Tally {
  requests: number;
  policies: number;
  unprintable: number;
  allows: number;
  denials: number;
  erring: number;
  forbidden: number;
  differences: number;
  readonly told: string[];
  readonly ownUs: number[];
  readonly cedarUs: number[];
  readonly seen: Set<string>;
}

async function run(context: ProofContext): Promise<ProofReport> {
  const { requests = context.quick ? REQUESTS_QUICK : REQUESTS, seed = 1 } = context.options;
  if (typeof requests !== "number" || !Number.isSafeInteger(requests) || requests < 1) {
    throw new ProofUsageError("--requests needs a whole number from 1");
  }
  const random = seededRandom(Number(seed));
  const cedar = openCedar("engine");
  const tally = emptyTally();
  for (let told = 0; tally.requests < requests;) {
    context.signal.throwIfAborted();
    const count = Math.min(REQUESTS_PER_SET, requests - tally.requests);
    trySet(cedar, { random, count, judgeOf: (rules) => createJudge(rules, null) }, tally);
    if (tally.requests - told < requests / 10) continue;
    told = tally.requests;
    context.progress(`${told} requests, ${tally.differences} differences`);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return reportOf(tally, Number(seed));
}

export function emptyTally(): Tally {
  return {
    requests: 0,
    policies: 0,
    unprintable: 0,
    allows: 0,
    denials: 0,
    erring: 0,
    forbidden: 0,
    differences: 0,
    told: [],
    ownUs: [],
    cedarUs: [],
    seen: new Set(),
  };
}

export interface SetTrial {
  readonly random: Random;
  readonly count: number;
  readonly judgeOf: (rules: readonly Rule[]) => Judge;
}

/** One random world, one random set, `count` random requests. */
export function trySet(cedar: Cedar, { random, count, judgeOf }: SetTrial, tally: Tally): void {
  const rules = makeRules(cedar, random, tally);
  const policies = Object.fromEntries(rules.map(({ id, text }) => [id, text]));
  const slot = "prove-cedar";
  const parsed = cedar.preparsePolicySet(slot, { staticPolicies: policies });
  if (parsed.type === "failure") throw new Error("Cedar does not read back what it printed");
  const judge = judgeOf(rules);
  const world = makeWorld(random);
  const things = [...world.things.values()].map(entityJson);
  for (let i = 0; i < count; i++) {
    const ask = makeAsk(world, random);
    const entities = [...things, entityJson(ask.action)];
    const begun = performance.now();
    const own = ownOpinion(judge, ask);
    const between = performance.now();
    const theirs = cedarOpinion(cedar, ask, { slot, entities });
    const ended = performance.now();
    tally.ownUs.push((between - begun) * 1000);
    tally.cedarUs.push((ended - between) * 1000);
    tally.requests += 1;
    if (theirs.decision === "allow") tally.allows += 1;
    else tally.denials += 1;
    if (theirs.errors.length > 0) tally.erring += 1;
    if (theirs.decision === "deny" && theirs.reasons.length > 0) tally.forbidden += 1;
    if (isSameOpinion(own, theirs)) continue;
    tally.differences += 1;
    if (tally.told.length >= TOLD_MAX) continue;
    const what = { own, theirs, context: cedarText(ask.context), policies };
    tally.told.push(`Bridle and Cedar differ: ${JSON.stringify(what)}`);
  }
}

function cedarText({ members }: { readonly members: ReadonlyMap<string, unknown> }): unknown {
  return [...members].map(([name, value]) => [name, JSON.stringify(value)]);
}

/** As an author would hand them over: printed by Cedar, and read back. */
function makeRules(cedar: Cedar, random: Random, tally: Tally): readonly Rule[] {
  const rules: Rule[] = [];
  while (rules.length < POLICIES_PER_SET) {
    const printed = cedar.policyToText(makePolicy(random));
    const read = printed.type === "success" ? cedar.policyToJson(printed.text) : printed;
    if (printed.type === "failure" || read.type === "failure") {
      tally.unprintable += 1;
      continue;
    }
    const place = { file: "", line: 0, isDraft: false, isBuiltIn: false };
    const rule = readRule(read.json, { ...place, id: `p${rules.length}`, text: printed.text });
    rules.push(rule);
    tally.policies += 1;
    for (const { body } of rule.conditions) {
      for (const each of walk(body)) tally.seen.add("operator" in each ? each.operator : each.kind);
    }
  }
  return rules;
}

/** Everything the closures claim to evaluate must have been tried. */
const WANTED: readonly string[] = (
  "literal variable attribute has like is if set record ! neg isEmpty == != < <= > >= && || in " +
  "+ - * contains containsAll containsAny getTag hasTag"
).split(" ");

function reportOf(tally: Tally, seed: number): ProofReport {
  const { requests, allows, differences, erring, forbidden, policies, unprintable, seen } = tally;
  const untried = WANTED.filter((name) => !seen.has(name));
  const result = {
    requests,
    policies,
    allows,
    forbidden,
    erring,
    differences,
    p50Us: middle(tally.ownUs, 0.5),
    p99Us: middle(tally.ownUs, 0.99),
    cedarP50Us: middle(tally.cedarUs, 0.5),
    cedarP99Us: middle(tally.cedarUs, 0.99),
    operators: seen.size,
    unprintable,
    seed,
  };
  const broken = [...tally.told];
  if (differences > broken.length) broken.push(`${differences} differences in all`);
  if (allows < ALLOWS_MIN * requests) broken.push(`only ${allows} of ${requests} were allowed`);
  if (erring === 0 || forbidden === 0) broken.push("no request erred, or none was forbidden");
  if (untried.length > 0) broken.push(`never tried: ${untried.join(" ")}`);
  const table = [["figure", "value"], ...Object.entries(result).map(([k, v]) => [k, String(v)])];
  return { result, table, broken };
}

function middle(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return Math.round((sorted[Math.floor(sorted.length * share)] ?? 0) * 100) / 100;
}
