/**
 * The arms of the ablation: every set of the three protections, from none to all.
 *
 * The rest of the harness is part of every arm: the effect ledger, the check of each call's
 * arguments against its schema, the repair hints, the limits.
 */
export const PROTECTIONS = ["gate", "confirm", "policy"] as const;

/**
 * `gate`: a run succeeds only when every write that the customer agreed to was made, nothing else
 * was, and the customer wants nothing more. `confirm`: a write that the customer has not agreed to
 * is not made. `policy`: the desk's written rules decide each write by the state it meets.
 */
export type Protection = (typeof PROTECTIONS)[number];

export interface Arm {
  readonly name: string;
  readonly has: Readonly<Record<Protection, boolean>>;
}

/** None, each alone, each left out of all, all. */
export const ARMS: readonly Arm[] = [
  armOf("none", []),
  ...PROTECTIONS.map((one) => armOf(one, [one])),
  ...PROTECTIONS.map((left) =>
    armOf(
      `no-${left}`,
      PROTECTIONS.filter((one) => one !== left),
    ),
  ),
  armOf("all", PROTECTIONS),
];

function armOf(name: string, held: readonly Protection[]): Arm {
  const has = (one: Protection): boolean => held.includes(one);
  return { name, has: { gate: has("gate"), confirm: has("confirm"), policy: has("policy") } };
}
