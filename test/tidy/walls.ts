/**
 * Who may import whom, written once. `docs/decisions/0001-rooms-and-walls.md` declares the same
 * list and says why; a test holds the two equal, so neither can drift.
 */

/**
 * - `may_import`: the room may import these rooms and no other; types and values alike.
 * - `may_import_types`: these files, with `import type`, and nothing else of `src/`.
 * - `never_reaches`: not directly and not through any other room.
 * - `imported_only_by`: the rooms in `to` are imported by the rooms in `from` alone.
 * - `stays_inside`: a file below `from` imports packages and files below `to`, nothing else.
 * - `called_only_from`: a method of this name is called in the files of the pattern alone.
 */
export type ConstraintKind =
  | "may_import"
  | "may_import_types"
  | "never_reaches"
  | "imported_only_by"
  | "stays_inside"
  | "called_only_from";

export interface Constraint {
  readonly id: string;
  readonly kind: ConstraintKind;
  readonly from: readonly string[];
  readonly to: readonly string[];
}

/** Everything the server may use: all rooms below it except storage, chaos and testing. */
const BELOW_SERVER = [
  "std",
  "journal",
  "sandbox",
  "generation",
  "prompts",
  "tools",
  "governance",
  "observation",
  "context",
  "orchestration",
  "workflows",
  "engines",
  "connectors",
  "evals",
  "lessons",
];

export const WALLS: readonly Constraint[] = [
  room("std", []),
  room("journal", ["std"]),
  room("sandbox", ["std"]),
  room("storage", ["std", "journal"]),
  room("generation", ["std", "journal"]),
  room("prompts", ["std", "journal"]),
  room("tools", ["std", "journal"]),
  room("governance", ["std", "journal"]),
  room("observation", ["std", "journal"]),
  room("context", ["std", "journal", "prompts", "tools"]),
  room("orchestration", [
    "std",
    "journal",
    "generation",
    "prompts",
    "tools",
    "governance",
    "context",
  ]),
  room("workflows", ["std", "journal", "tools", "governance", "orchestration"]),
  room("engines", ["std", "journal", "orchestration"]),
  room("connectors", ["std", "journal", "tools", "sandbox"]),
  room("chaos", ["std", "journal", "generation"]),
  room("evals", ["std", "journal", "generation", "orchestration", "observation"]),
  room("lessons", ["std", "journal", "prompts", "tools", "governance", "observation", "evals"]),
  room("testing", ["std", "journal", "generation", "orchestration", "chaos"]),
  room("server", BELOW_SERVER),
  room("cli", [...BELOW_SERVER, "storage", "chaos", "server"]),
  {
    id: "studio-sees-the-contract",
    kind: "may_import_types",
    from: ["studio"],
    to: ["src/server/contract"],
  },
  {
    id: "gates-are-deterministic",
    kind: "never_reaches",
    from: ["governance"],
    to: ["generation"],
  },
  { id: "stores-are-handed-over", kind: "imported_only_by", from: ["cli"], to: ["storage"] },
  {
    id: "src-stands-alone",
    kind: "stays_inside",
    from: ["src"],
    to: ["src"],
  },
  {
    id: "one-choke-point",
    kind: "called_only_from",
    from: ["src/orchestration/call*.ts"],
    to: ["execute"],
  },
];

function room(name: string, may: readonly string[]): Constraint {
  return { id: `room-${name}`, kind: "may_import", from: [name], to: may };
}

/** Each room with the rooms it may import. */
export function importTable(walls: readonly Constraint[]): ReadonlyMap<string, readonly string[]> {
  const table = new Map<string, readonly string[]>();
  for (const wall of walls) {
    if (wall.kind !== "may_import") continue;
    for (const from of wall.from) table.set(from, wall.to);
  }
  return table;
}

/** The constraints of one kind. */
export function wallsOfKind(
  walls: readonly Constraint[],
  kind: ConstraintKind,
): readonly Constraint[] {
  return walls.filter((wall) => wall.kind === kind);
}
