import { posix } from "node:path";
import type { Arrow } from "./arrows.ts";
import type { Module, Sighting } from "./module.ts";
import { isInSrc, judge, type Rule, type Verdict } from "./rule.ts";
import type { Tree } from "./tree.ts";
import { importTable, wallsOfKind, type Constraint } from "./walls.ts";

/** The one file that belongs to no room. */
const FRONT_DOOR = "src/index.ts";
const DOOR = /\/door\.ts$/;
const AGGREGATOR = /\/(index|door)\.[cm]?[jt]sx?$/;

type Table = ReadonlyMap<string, readonly string[]>;

export const ROOM_RULES: readonly Rule[] = [
  { title: "every folder under src is a room of the table", check: checkFolders },
  { title: "the table is acyclic and keeps its own rules", check: (_, walls) => checkTable(walls) },
  { title: "src imports nothing beside it", check: checkInside },
  { title: "no file imports across a wall", check: checkArrows },
  { title: "only the doors pass on what they import", check: checkAggregators },
  { title: "the studio sees types of the server's contract alone", check: checkStudio },
  { title: "a tool's execute is reached through one choke point", check: checkChokePoint },
];

function checkFolders(tree: Tree, walls: readonly Constraint[]): Verdict {
  const rooms = importTable(walls);
  const advice = "is no room: add it to test/tidy/walls.ts and to the decision record";
  return judge(tree.files.filter(isInSrc), (file) => {
    if (file.path === FRONT_DOOR) return [];
    const room = roomOf(file.path);
    if (room === undefined) return [`${file.path} lies in no room: only index.ts may`];
    return rooms.has(room) ? [] : [`${file.path} src/${room}/ ${advice}`];
  });
}

/** Exported for the test that plants a cycle in the data rather than in files. */
export function checkTable(walls: readonly Constraint[]): Verdict {
  const table = importTable(walls);
  const faults: string[] = [];
  for (const [room, may] of table) {
    for (const target of may.filter((name) => !table.has(name))) {
      faults.push(`${room} may import ${target}, which is no room`);
    }
    if (reachable(table, room).has(room)) faults.push(`${room} reaches itself`);
  }
  for (const wall of wallsOfKind(walls, "never_reaches")) {
    for (const from of wall.from) {
      const reached = reachable(table, from);
      for (const to of wall.to.filter((name) => reached.has(name))) {
        faults.push(`${from} reaches ${to}, against ${wall.id}`);
      }
    }
  }
  for (const wall of wallsOfKind(walls, "imported_only_by")) {
    for (const [room, may] of table) {
      const taken = wall.from.includes(room) ? [] : wall.to.filter((name) => may.includes(name));
      faults.push(...taken.map((name) => `${room} may import ${name}, against ${wall.id}`));
    }
  }
  return { looked: table.size, faults };
}

/** The rooms that can be reached over one or more arrows. */
function reachable(table: Table, start: string): ReadonlySet<string> {
  const seen = new Set<string>();
  const open = [...(table.get(start) ?? [])];
  for (let room = open.pop(); room !== undefined; room = open.pop()) {
    if (seen.has(room)) continue;
    seen.add(room);
    open.push(...(table.get(room) ?? []));
  }
  return seen;
}

function checkInside(tree: Tree, walls: readonly Constraint[]): Verdict {
  const rules = wallsOfKind(walls, "stays_inside");
  const drawn = rules.flatMap((wall) =>
    tree.modules
      .filter(({ path }) => isBelow(path, wall.from))
      .flatMap(({ path, arrows }) => arrows.map((arrow) => ({ path, arrow, wall }))),
  );
  return judge(drawn, ({ path, arrow, wall }) => {
    const target = targetOf(path, arrow.specifier ?? "");
    if (target === undefined || isBelow(target, wall.to)) return [];
    return [`${path}:${arrow.line} imports ${target}, outside ${wall.to.join(", ")}`];
  });
}

function checkArrows(tree: Tree, walls: readonly Constraint[]): Verdict {
  const table = importTable(walls);
  const drawn = tree.modules
    .filter(isInSrc)
    .flatMap((module) => module.arrows.map((arrow) => ({ module, arrow })));
  return judge(drawn, ({ module, arrow }) => {
    const fault = trespass(table, module.path, arrow);
    return fault === undefined ? [] : [`${module.path}:${arrow.line} ${fault}`];
  });
}

/** Why this arrow may not be drawn, or undefined when it may. */
function trespass(table: Table, from: string, arrow: Arrow): string | undefined {
  const room = roomOf(from);
  if (arrow.specifier === undefined) {
    return room === "cli" ? undefined : "imports a computed path, which no wall can see: name it";
  }
  if (isAlias(arrow.specifier)) return `imports ${arrow.specifier}: name the file instead`;
  const target = targetOf(from, arrow.specifier);
  if (target === undefined || !isInSrc({ path: target })) return undefined;
  if (posix.extname(target) === "") return `imports ${target}: name the file, with its ending`;
  if (AGGREGATOR.test(target)) return `imports ${target}: go to the file, not through a door`;
  const targetRoom = roomOf(target);
  if (from === FRONT_DOOR || targetRoom === room || targetRoom === undefined) return undefined;
  const may = room === undefined ? [] : (table.get(room) ?? []);
  if (may.includes(targetRoom)) return undefined;
  return `imports ${target}: ${room ?? "src"} may import ${may.join(", ") || "no room"}`;
}

function checkAggregators(tree: Tree): Verdict {
  return judge(tree.modules.filter(isInSrc), ({ path, arrows }) => {
    if (path === FRONT_DOOR || DOOR.test(path)) return [];
    if (AGGREGATOR.test(path)) return [`${path} is a barrel: name each file by its noun`];
    return arrows
      .filter((arrow) => arrow.isReexport)
      .map((arrow) => `${path}:${arrow.line} re-exports ${arrow.specifier}: only doors do that`);
  });
}

/** Looks at the wall itself when there is no studio yet. */
function checkStudio(tree: Tree, walls: readonly Constraint[]): Verdict {
  const rules = wallsOfKind(walls, "may_import_types");
  const faults = rules.flatMap((wall) =>
    tree.modules
      .filter((module) => isBelow(module.path, wall.from))
      .flatMap((module) => trespassesOfGuest(module, wall)),
  );
  return { looked: rules.length, faults };
}

function trespassesOfGuest(module: Module, wall: Constraint): readonly string[] {
  return module.arrows.flatMap((arrow) => {
    if (arrow.specifier === undefined) return [];
    const target = targetOf(module.path, arrow.specifier);
    const place = `${module.path}:${arrow.line} imports ${target ?? arrow.specifier}`;
    if (isAlias(arrow.specifier)) return [`${place}: name the file instead`];
    if (target === undefined || !isInSrc({ path: target })) return [];
    const isOpen = wall.to.some((to) => target.startsWith(`${to}.`) || target.startsWith(`${to}/`));
    if (!isOpen) return [`${place}: only ${wall.to.join(", ")} is open to it`];
    return arrow.isType ? [] : [`${place}: with \`import type\` alone`];
  });
}

/** Where calls are allowed there must be one: a moved choke point leaves the wall blind. */
function checkChokePoint(tree: Tree, walls: readonly Constraint[]): Verdict {
  const modules = tree.modules.filter(isInSrc);
  const faults: string[] = [];
  for (const wall of wallsOfKind(walls, "called_only_from")) {
    const isInside = (module: Module): boolean =>
      wall.from.some((pattern) => posix.matchesGlob(module.path, pattern));
    const inside = modules.filter(isInside);
    const callsOf = ({ sightings }: Module): readonly Sighting[] =>
      sightings.filter(({ kind }) => wall.to.includes(kind));
    if (inside.length > 0 && inside.every((module) => callsOf(module).length === 0)) {
      faults.push(`${wall.from.join(", ")} calls no ${wall.to.join(", ")}: has it moved?`);
    }
    for (const module of modules.filter((each) => !isInside(each))) {
      for (const seen of callsOf(module)) {
        const advice = `goes around ${wall.from.join(", ")}: make it a call`;
        faults.push(`${module.path}:${seen.line} ${advice}`);
      }
    }
  }
  return { looked: modules.length, faults };
}

function isBelow(path: string, folders: readonly string[]): boolean {
  return folders.some((folder) => path.startsWith(`${folder}/`));
}

/** `src/journal/event.ts` lies in journal; a file directly in src lies in no room. */
function roomOf(path: string): string | undefined {
  const [, room, file] = path.split("/");
  return file === undefined ? undefined : room;
}

/** The path a relative specifier names, from the root; undefined for a package. */
function targetOf(from: string, specifier: string): string | undefined {
  if (!specifier.startsWith(".")) return undefined;
  return posix.join(posix.dirname(from), specifier.replace(/[?#].*$/, ""));
}

/** The package's own name, a `#` import or an absolute path would walk around every wall. */
function isAlias(specifier: string): boolean {
  return /^([#/~@]\/|#|\/|file:|bridle($|\/))/.test(specifier);
}
