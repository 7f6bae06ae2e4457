/**
 * A random world: tools with random labels, trusted records, a prompt, and the plan that a model
 * makes of it. Everything here is drawn from one seed; what strangers wrote is not part of it and
 * comes in as bytes later (`Bytes`), so that it can be varied and nothing else with it.
 */
import type { Json, JsonObject } from "../../src/std/json.ts";
import { pick, type Random } from "../../src/std/random.ts";
import {
  argumentKinds,
  prepareLabels,
  type ArgumentKind,
  type FieldLabel,
  type PreparedLabels,
  type ToolLabels,
} from "../../src/governance/tool-labels.ts";

/** What strangers wrote into one field. The same place gives the same text for one set of bytes. */
export type Bytes = (place: string) => string;

export interface ReadTool {
  readonly labels: PreparedLabels;
  /** The same as its author wrote them. */
  readonly declared: ToolLabels;
  /** It returns only the records that its argument `key` asks for. */
  readonly isKeyed: boolean;
  readonly records: readonly { readonly [member: string]: string | number }[];
  /** The members that strangers write. */
  readonly strange: readonly string[];
}

export interface WriteTool {
  readonly labels: PreparedLabels;
  readonly declared: ToolLabels;
  readonly kinds: ReadonlyMap<string, ArgumentKind>;
}

export interface PlannedCall {
  readonly tool: string;
  /** Constants, and references in the form that a plan takes. */
  readonly arguments: JsonObject;
}

export interface World {
  readonly prompt: string;
  readonly members: readonly string[];
  readonly reads: ReadonlyMap<string, ReadTool>;
  readonly writes: ReadonlyMap<string, WriteTool>;
  readonly steps: readonly PlannedCall[];
  /** The plan names every sensitive value but texts. */
  readonly isBound: boolean;
  readonly planning: "frozen" | "none";
  readonly hasSecrets: boolean;
}

/** Few enough that a stranger often says what somebody trusted says too. */
export const WORDS: readonly string[] = [
  "ann",
  "bob",
  "cleo",
  "dora",
  "eve@out.org",
  "fay@in.org",
  "gus@in.org",
  "IBAN77",
  "IBAN99",
  "order-1",
  "order-2",
  "rent",
  "www.good.org",
  "www.evil.com",
  "3",
  "12.50",
  "400",
];
const NUMBERS: readonly number[] = [3, 12.5, 40, 400];

/** `openly` draws the same world with everything for everybody to see. */
export function worldFrom(random: Random, openly = false): World {
  const chance = (share: number): boolean => random() < share;
  const hasSecrets = chance(0.25) && !openly;
  const reads = new Map(
    Array.from({ length: 2 + Math.floor(random() * 3) }, (_, n) => {
      const name = `read${n}`;
      return [name, readTool(name, { random, isSecret: hasSecrets && n === 1 })];
    }),
  );
  const writes = new Map(
    Array.from({ length: 2 + Math.floor(random() * 2) }, (_, n) => {
      const name = `write${n}`;
      return [name, writeTool(name, random)];
    }),
  );
  const isBound = chance(0.6);
  const prompt = Array.from({ length: 2 + Math.floor(random() * 5) }, () => wordOf(random));
  return {
    prompt: prompt.join(", "),
    members: chance(0.5) ? ["*@in.org"] : [],
    reads,
    writes,
    steps: stepsFrom({ random, reads, writes, prompt, isBound }),
    isBound,
    planning: isBound || chance(0.5) ? "frozen" : "none",
    hasSecrets,
  };
}

function readTool(
  name: string,
  { random, isSecret }: { readonly random: Random; readonly isSecret: boolean },
): ReadTool {
  const isKeyed = random() < 0.3;
  const strange = random() < 0.85 ? ["note"] : [];
  if (random() < 0.3) strange.push("from");
  const integrity = random() < 0.5 ? "platform" : "directory";
  const trusted: FieldLabel = isSecret ? { integrity, readers: ["fay@in.org"] } : integrity;
  const output: Record<string, FieldLabel> = { "/list": trusted };
  for (const member of strange) output[`/list/*/${member}`] = "untrusted";
  const records = Array.from({ length: 1 + Math.floor(random() * 3) }, (_, n) => ({
    id: `${name}-${n}`,
    name: wordOf(random),
    mail: `m${n}@in.org`,
    from: wordOf(random),
    sum: pick(NUMBERS, random) ?? 0,
    rank: n,
  }));
  const declared = { output };
  const labels = prepareLabels({ name, isWrite: false }, declared);
  return { labels, declared, isKeyed, records, strange };
}

function writeTool(name: string, random: Random): WriteTool {
  const kinds = new Map<string, ArgumentKind>();
  const names = ["one", "two", "three"].slice(0, 1 + Math.floor(random() * 3));
  for (const argument of names) kinds.set(argument, pick(argumentKinds, random) ?? "selector");
  const sensitive = Object.fromEntries(kinds);
  const declared: ToolLabels = { output: { "": "platform" }, sensitive };
  return { labels: prepareLabels({ name, isWrite: true }, declared), declared, kinds };
}

interface Planning {
  readonly random: Random;
  readonly reads: World["reads"];
  readonly writes: World["writes"];
  readonly prompt: readonly string[];
  readonly isBound: boolean;
}

function stepsFrom(planning: Planning): readonly PlannedCall[] {
  const { random, reads, writes } = planning;
  const looks = [...reads].map(([tool, { isKeyed }]) => {
    // A plan that leaves the key open lets strangers choose which records are read.
    const key = isKeyed && random() < 0.6 ? { key: wordOf(random) } : {};
    return { tool, arguments: key };
  });
  const acts = [...writes].flatMap(([tool, { kinds }]) =>
    random() < 0.75 ? [{ tool, arguments: argumentsFrom(planning, kinds) }] : [],
  );
  return [...looks, ...acts];
}

function argumentsFrom(planning: Planning, kinds: WriteTool["kinds"]): JsonObject {
  const { random, isBound } = planning;
  const members: [string, Json][] = [];
  for (const [name, kind] of kinds) {
    // Texts, and in a loose plan some of the rest, are made up when the time comes.
    if (kind === "content" || (!isBound && random() < 0.5)) continue;
    members.push([name, random() < 0.5 ? constantFrom(planning, kind) : referenceFrom(planning)]);
  }
  return Object.fromEntries(members);
}

function constantFrom({ random, prompt }: Planning, kind: ArgumentKind): Json {
  if (kind === "amount") return pick(NUMBERS, random) ?? 0;
  return pick(prompt, random) ?? "ann";
}

/** Chosen by trusted fields, by strange ones, or by nothing: what cannot be resolved is refused. */
function referenceFrom({ random, reads }: Planning): Json {
  const tool = pick([...reads.keys()], random) ?? "read0";
  const path = `/list/*/${pick(["mail", "id", "sum", "from", "note"], random) ?? "id"}`;
  const most = random() < 0.5 ? { most: "rank" } : {};
  const by = pick(["name", "from", "note"], random) ?? "name";
  const where = random() < 0.3 ? { where: { [by]: wordOf(random) } } : {};
  return { $from: tool, path, ...most, ...where };
}

export function wordOf(random: Random): string {
  return pick(WORDS, random) ?? "ann";
}

/** Every value that somebody trusted has said, by this world's own account, in plain form. */
export function trustedValues(world: World): ReadonlySet<string> {
  const planned = world.steps.flatMap((step) => Object.values(step.arguments));
  const constants = planned.filter(
    (value) => typeof value === "string" || typeof value === "number",
  );
  const recorded = [...world.reads.values()].flatMap(({ records, strange }) =>
    records.flatMap((record) =>
      Object.keys(record).flatMap((name) => (strange.includes(name) ? [] : [record[name] ?? ""])),
    ),
  );
  const made = [...world.writes.keys()].map((tool) => `${tool}-made`);
  const inside = world.members.length > 0 ? WORDS.filter(isInside) : [];
  const said = [...world.prompt.split(", "), ...constants, ...recorded, ...made, ...inside];
  return new Set(said.map(plainly));
}

/** 12.50 and 12.5 are the same number, and the gate may take one for the other. */
export function plainly(value: string | number): string {
  const number = Number(value);
  return Number.isFinite(number) ? String(number) : String(value);
}

function isInside(word: string): boolean {
  return word.endsWith("@in.org");
}

/** What a call returns. */
export function outputOf(
  world: World,
  call: { readonly tool: string; readonly input: JsonObject },
  bytes: Bytes,
): Json {
  const read = world.reads.get(call.tool);
  // A write repeats the whole request, in a field that its author calls the platform's.
  if (read === undefined) return { id: `${call.tool}-made`, request: call.input };
  const key = call.input["key"];
  const chosen = read.records.filter(({ name }) => !read.isKeyed || name === key);
  const list = chosen.map((record) => {
    const strange = read.strange.map((name) => [name, bytes(`${call.tool} ${name}`)]);
    return { ...record, ...Object.fromEntries(strange) };
  });
  return { list };
}
