/**
 * The runs that are killed: one for each effect class, and a few for what only happens when
 * something goes wrong or waits.
 */
export type PayClass = "read" | "idempotent" | "transactional" | "once" | "once blind";

/** What the model does; `models.ts` plays it. */
export type ScriptName = "slow reads" | "three payments" | "lost answer" | "lost answer, settled";

export interface Scenario {
  readonly name: string;
  /** The effect class of `pay`; `once blind` has no way to ask whether it happened. */
  readonly payClass: PayClass;
  readonly script: ScriptName;
  /** The intended effects, by the business's own names. */
  readonly references: (tag: string) => readonly string[];
  readonly inDoubt: "tell" | "park";
  readonly leaseMs: number;
  /** Somebody posts a message before any worker has the run. */
  readonly isSteered: boolean;
  /** The first worker is drained in the middle and another one of its process goes on. */
  readonly isDrained: boolean;
}

/** What somebody says to a run that is steered. */
export const STEERING = "The customer is in a hurry.";

const LEASE_MS = 10_000;

const plain = {
  inDoubt: "tell",
  leaseMs: LEASE_MS,
  isSteered: false,
  isDrained: false,
} as const;

export const scenarios: readonly Scenario[] = [
  {
    ...plain,
    name: "read",
    payClass: "read",
    // A slow read under a short lease, so that the lease is extended at least once.
    script: "slow reads",
    references: () => [],
    leaseMs: 600,
  },
  {
    ...plain,
    name: "idempotent",
    payClass: "idempotent",
    script: "three payments",
    references: abc,
  },
  {
    ...plain,
    name: "transactional",
    payClass: "transactional",
    script: "three payments",
    references: abc,
  },
  {
    ...plain,
    name: "once, reconciled",
    payClass: "once",
    script: "three payments",
    references: abc,
  },
  {
    ...plain,
    name: "once, blind",
    payClass: "once blind",
    script: "three payments",
    references: abc,
  },
  {
    ...plain,
    name: "idempotent, answer lost",
    payClass: "idempotent",
    script: "lost answer",
    references: onlyA,
  },
  {
    ...plain,
    name: "once, reconciled, answer lost",
    payClass: "once",
    script: "lost answer",
    references: onlyA,
  },
  {
    ...plain,
    name: "once, blind, answer lost",
    payClass: "once blind",
    script: "lost answer",
    references: onlyA,
  },
  {
    ...plain,
    name: "once, blind, a person settles",
    payClass: "once blind",
    script: "lost answer, settled",
    references: onlyA,
    inDoubt: "park",
    isSteered: true,
    isDrained: true,
  },
];

export function scenarioOf(name: string): Scenario {
  const found = scenarios.find((scenario) => scenario.name === name);
  if (found === undefined) throw new Error(`There is no scenario "${name}"`);
  return found;
}

function abc(tag: string): readonly string[] {
  return ["a", "b", "c"].map((item) => `${tag}/${item}`);
}

function onlyA(tag: string): readonly string[] {
  return [`${tag}/a`];
}
