import type { Planted } from "./plant.ts";

/** One way to breach a rule, or (`isFine`) something near a breach that the rule lets be. */
export interface Sample {
  readonly rule: string;
  readonly what: string;
  readonly files: Planted;
  readonly isFine?: true;
}

const EVENT = { "src/journal/event.ts": "export const event = 1;\n" };
const TOOL = "declare const tool: { execute?: (input: string) => void };\n";
const UNFINISHED = ["TO", "DO"].join("");
const WORKPLACE = ["", "work", ""].join("/");
const SILENCER = ["@ts", "ignore"].join("-");

/** A file of one room with this text; its arrows and sightings are what the rule sees. */
function file(path: string, text: string): Planted {
  return { [path]: `${text}\n` };
}

export const ROOM_SAMPLES: readonly Sample[] = [
  ...samples("every folder under src is a room of the table", {
    "a folder that is no room": file("src/plumbing/pipe.ts", "export const pipe = 1;"),
    "a file beside the rooms": file("src/main.ts", "export const main = 1;"),
    "a migration in no room": file("src/tables/0001.sql", "create table t (a);"),
  }),
  ...fine("every folder under src is a room of the table", {
    "the front door": file("src/index.ts", 'export { event } from "./journal/event.ts";'),
    "a folder inside a room": file("src/storage/sqlite/door.ts", "export const sqlite = 1;"),
  }),
  ...samples("src imports nothing beside it", {
    "a test's file": file("src/std/a.ts", 'import { plant } from "../../test/tidy/plant.ts";'),
    "a script, dynamically": file("src/cli/a.ts", 'await import("../../scripts/build.ts");'),
    "a proof's type": file("src/std/a.ts", 'import type { Proof } from "../../proof/main.ts";'),
    "a file of the package": file("src/cli/a.ts", 'import { name } from "../../package.json";'),
  }),
  ...fine("src imports nothing beside it", {
    "a package": file("src/cli/a.ts", 'import { Command } from "commander";'),
    "a proof that imports src": {
      ...file("src/std/a.ts", 'import { hash } from "node:crypto";'),
      ...file("proof/main.ts", 'import { harness } from "../src/index.ts";'),
    },
  }),
  ...samples("no file imports across a wall", trespasses()),
  ...fine("no file imports across a wall", {
    "a room the table names": file("src/tools/a.ts", 'import { e } from "../journal/event.ts";'),
    "the same room": file("src/tools/a.ts", 'import { b } from "./b.ts";'),
    "a folder of the same room": file("src/storage/sqlite/a.ts", 'import { b } from "../b.ts";'),
    "the front door, any room": file("src/index.ts", 'export { a } from "./cli/main.ts";'),
    "a store opened by the CLI": file("src/cli/a.ts", 'import { s } from "../storage/s.ts";'),
    "a package of a known scope": file("src/tools/a.ts", "await import(`@ai-sdk/${provider}`);"),
    "a config loaded by the CLI": file("src/cli/a.ts", "await import(configUrl);"),
    "an import in a comment": {
      ...file("src/std/a.ts", '// import { a } from "../cli/a.ts";\nimport "node:fs";'),
    },
    "an import in a string": {
      ...file("src/std/a.ts", 'import "node:fs";\nconst a = \'import("../cli/a.ts")\';'),
    },
  }),
  ...samples("only the doors pass on what they import", {
    "a file that passes on a name": file("src/tools/a.ts", 'export { b } from "./b.ts";'),
    "a file that passes on types": file("src/tools/a.ts", 'export type * from "./b.ts";'),
    "a barrel in a room": file("src/tools/index.ts", "export const a = 1;"),
  }),
  ...fine("only the doors pass on what they import", {
    "a door": file("src/storage/sqlite/door.ts", 'export { b } from "./b.ts";'),
    "the front door": file("src/index.ts", 'export * from "./std/error.ts";'),
  }),
  ...samples("the studio sees types of the server's contract alone", {
    "another file of the server": file(
      "studio/a.ts",
      'import type { App } from "../src/server/app.ts";',
    ),
    "a value of the contract": file(
      "studio/a.ts",
      'import { c } from "../src/server/contract.ts";',
    ),
    "the package by name": file("studio/a.ts", 'import { harness } from "bridle";'),
  }),
  ...fine("the studio sees types of the server's contract alone", {
    "a type of the contract": file(
      "studio/a/b.ts",
      'import type { RunRow } from "../../src/server/contract.ts";',
    ),
    "its own files": file("studio/a.ts", 'import { b } from "./b.ts";'),
  }),
  ...samples("a tool's execute is reached through one choke point", {
    "a call": file("src/workflows/a.ts", `${TOOL}tool.execute("x");`),
    "a call if present": file("src/workflows/a.ts", `${TOOL}tool.execute?.("x");`),
    "a call by a computed name": file("src/workflows/a.ts", `${TOOL}tool["execute"]("x");`),
    "a call through call": file("src/evals/a.ts", `${TOOL}tool.execute.call(tool, "x");`),
    "another name for it": file("src/evals/a.ts", `${TOOL}const run = tool.execute; run("x");`),
    "another name in a pattern": file("src/evals/a.ts", `${TOOL}const { execute: run } = tool;`),
    "a bare call": file("src/evals/a.ts", `${TOOL}const { execute } = tool; execute("x");`),
    "handing it on": file("src/evals/a.ts", `${TOOL}retry(tool.execute);`),
    "a choke point that has moved": file("src/orchestration/call.ts", "export const call = 1;"),
  }),
  ...fine("a tool's execute is reached through one choke point", {
    "the choke point": file("src/orchestration/call-effect.ts", `${TOOL}tool.execute?.("x");`),
    "a definition": file("src/tools/a.ts", "export const a = { execute: (x: string) => x };"),
    "a copy": file("src/tools/a.ts", `${TOOL}export const a = { execute: tool.execute };`),
    "a question": file("src/tools/a.ts", `${TOOL}export const a = tool.execute === undefined;`),
    "a typeof": file("src/tools/a.ts", `${TOOL}export const a = typeof tool?.execute;`),
    "a database": file("src/storage/a.ts", 'db.exec("create table t (a)");'),
  }),
];

function trespasses(): Readonly<Record<string, Planted>> {
  return {
    "an import": file("src/governance/a.ts", 'import { m } from "../generation/model.ts";'),
    "a type import": file(
      "src/governance/a.ts",
      'import type { M } from "../generation/model.ts";',
    ),
    "an inline type": file(
      "src/governance/a.ts",
      'export type M = import("../generation/m.ts").M;',
    ),
    "a type import over lines": file(
      "src/std/a.ts",
      'import {\n  type E,\n} from\n  "../journal/event.ts";',
    ),
    "a side-effect import": file("src/tools/a.ts", 'import "../governance/policy.ts";'),
    "a dynamic import": file("src/engines/a.ts", 'const s = await import("../storage/s.ts");'),
    "a dynamic import by template": file("src/engines/a.ts", "await import(`../storage/s.ts`);"),
    "a computed import": file("src/engines/a.ts", 'await import("../sto" + "rage/s.ts");'),
    "a computed file": file("src/engines/a.ts", "await import(`../${room}/s.ts`);"),
    "a re-export": file("src/tools/a.ts", 'export { p } from "../governance/policy.ts";'),
    "a re-export of all": file("src/tools/a.ts", 'export * from "../governance/policy.ts";'),
    "a type re-export": file("src/tools/a.ts", 'export type { P } from "../governance/p.ts";'),
    "a require": file("src/tools/a.ts", 'const p = require("../governance/policy.ts");'),
    "a worker's file": file("src/tools/a.ts", 'new URL("../sandbox/w.ts", import.meta.url);'),
    "a way around by dots": file("src/tools/a.ts", 'import { p } from "../std/../cli/p.ts";'),
    "a deep file's way out": file("src/storage/sqlite/a.ts", 'import "../../engines/e.ts";'),
    "a door's way out": file("src/chaos/door.ts", 'export { o } from "../orchestration/o.ts";'),
    "a store opened by the server": file("src/server/a.ts", 'import "../storage/sqlite/s.ts";'),
    "the front door from inside": file("src/cli/a.ts", 'import { agent } from "../index.ts";'),
    "a room's door from inside": file("src/cli/a.ts", 'import { c } from "../chaos/door.ts";'),
    "a folder": { ...EVENT, ...file("src/tools/a.ts", 'import { event } from "../journal";') },
    "the package by name": file("src/cli/a.ts", 'import { sqlite } from "bridle/sqlite";'),
    "an alias": file("src/cli/a.ts", 'import { s } from "#storage/s.ts";'),
    "an up-stream arrow": file("src/std/a.ts", 'import { e } from "../journal/event.ts";'),
  };
}

export const STYLE_SAMPLES: readonly Sample[] = [
  ...samples("every module parses", {
    "half a statement": file("src/std/a.ts", "export const ="),
  }),
  ...samples("no file of code is over 400 lines", {
    "a long module": file("src/std/a.ts", "//\n".repeat(400) + "//"),
    "a long script without an ending": file("bin/run", "#!/bin/sh\n" + ":\n".repeat(400)),
  }),
  ...fine("no file of code is over 400 lines", {
    "exactly 400 lines": file("src/std/a.ts", "//\n".repeat(399) + "//"),
    "a long document": { ...EVENT, ...file("README.md", "a\n".repeat(500)) },
  }),
  ...samples("no line of src is over 100 characters", {
    "101 characters": file("src/std/a.ts", "/".repeat(101)),
  }),
  ...fine("no line of src is over 100 characters", {
    "100 characters": file("src/std/a.ts", "/".repeat(100)),
    "a link": file("src/std/a.ts", `// https://example.com/${"a".repeat(100)}`),
    "a test's long line": { ...EVENT, ...file("test/a.ts", "/".repeat(101)) },
  }),
  ...samples("no file or folder has a vague name", {
    "a vague file": file("src/std/utils.ts", "export const a = 1;"),
    "a vague word in a name": file("src/std/run-helpers.ts", "export const a = 1;"),
    "a vague folder": file("test/common/a.ts", "export const a = 1;"),
    "a vague name before a point": file("bench/peer.types.d.ts", "export type A = 1;"),
  }),
  ...fine("no file or folder has a vague name", {
    "a word that only begins so": file("src/std/utility-rate.ts", "export const a = 1;"),
  }),
  ...samples("files of src are named in kebab case", {
    "camel case": file("src/std/runId.ts", "export const a = 1;"),
    "an underscore": file("src/std/run_id.ts", "export const a = 1;"),
  }),
  ...samples("nothing is left unfinished in a comment", {
    "a line comment": file("src/std/a.ts", `// ${UNFINISHED}: later`),
    "a block comment": file("test/a.test.ts", `/* a\n * ${UNFINISHED} */`),
    "a shell comment": { ...EVENT, ...file("bin/run", `#!/bin/sh\n# ${UNFINISHED}`) },
  }),
  ...fine("nothing is left unfinished in a comment", {
    "a string": file("src/std/a.ts", `export const a = "${UNFINISHED}";`),
  }),
  ...samples("no comment silences a checker", {
    "the compiler": file("test/a.ts", `// ${SILENCER}\nexport const a = 1;`),
    "the linter": file("test/a.ts", `/* ${["oxlint", "disable"].join("-")} */`),
    "the linter for one line": file("test/a.ts", `// ${["eslint", "disable"].join("-")}-line`),
  }),
  ...samples("nothing is exported by default but configs and routes", {
    "a value": file("src/std/a.ts", "export default 1;"),
    "a function": file("test/a.ts", "export default function a() {}"),
    "a name that becomes default": file("src/std/a.ts", "const a = 1;\nexport { a as default };"),
  }),
  ...fine("nothing is exported by default but configs and routes", {
    "an agent's config": file("examples/refunds/bridle.config.ts", "export default {};"),
    "a tool's config": file("vitest.config.ts", "export default {};"),
    "a route of the studio": file("studio/src/routes/runs.tsx", "export default {};"),
  }),
  ...samples("nothing is typed any", {
    "an annotation": file("test/a.ts", "export const a: any = 1;"),
    "a cast": file("src/std/a.ts", "export const a = 1 as any;"),
    "an argument of a type": file("src/std/a.ts", "export const a = new Map<string, any>();"),
  }),
  ...fine("nothing is typed any", {
    "the word": file("src/std/a.ts", 'export const any = "any: any";'),
  }),
  ...samples("nothing is asserted to be present", {
    "a non-null assertion": file("test/a.ts", "export const a = process.env.A!;"),
    "a definite variable": file("src/std/a.ts", "let a!: string;"),
    "a definite field": file("src/std/a.ts", "export class A { a!: string }"),
  }),
  ...fine("nothing is asserted to be present", {
    "a negation": file("src/std/a.ts", "export const a = !process.env.A && 1 !== 2;"),
  }),
  ...samples("casts are few and each says why", {
    "a cast without a reason": file("src/std/a.ts", "\nexport const a = {} as Record<string, 1>;"),
    "a reason too far above": file("src/std/a.ts", "// why\n\nexport const a = {} as object;"),
    "an old-style cast": file("src/std/a.ts", "export const a = <object>{};"),
    "more casts than lines allow": file("src/std/a.ts", "// why\na = b as C; d = e as F;"),
  }),
  ...fine("casts are few and each says why", {
    "a reason above": file("src/std/a.ts", "// why\nexport const a = {} as object;"),
    "a reason beside": file("src/std/a.ts", "export const a = {} as object; // why"),
    "a constant": file("src/std/a.ts", "export const a = [1] as const;"),
    "a renamed import": file("src/std/a.ts", 'import { a as b } from "./a.ts";'),
    "a test's cast": { ...EVENT, ...file("test/a.ts", "export const a = {} as object;") },
  }),
  ...samples("no module is mocked", {
    "a mock": file("test/a.test.ts", 'vi.mock("../src/std/clock.ts");'),
    "a late mock": file("test/a.test.ts", 'vi.doMock("node:fs");'),
  }),
  ...fine("no module is mocked", {
    "a function that records its calls": file("test/a.test.ts", "const seen = vi.fn();"),
  }),
  ...samples("no test is narrowed, postponed or skipped", {
    "one test only": file("test/a.test.ts", 'test.only("a", () => {});'),
    "one group only": file("test/a.test.ts", 'describe.only("a", () => {});'),
    "a promise": file("test/a.test.ts", 'it.todo("a");'),
    "a table of one": file("test/a.test.ts", 'it.each([1]).only("a", () => {});'),
    "a skipped test": file("test/a.test.ts", 'test.skip("a", () => {});'),
  }),
  ...fine("no test is narrowed, postponed or skipped", {
    "a test that needs a database": file("test/a.test.ts", 'test.skipIf(none)("a", () => {});'),
    "another thing's only": file("test/a.test.ts", "rows.only();"),
  }),
  ...samples("test titles state facts", {
    "a wish": file("test/a.test.ts", 'test("a should b", () => {});'),
    "a wish in a table": file("test/a.test.ts", 'it.each([1])("Should %d", () => {});'),
    "a wish in a template": file("test/a.test.ts", "describe(`${name} should a`, () => {});"),
  }),
  ...fine("test titles state facts", {
    "a fact": file("test/a.test.ts", 'test("resumes after a crash", () => {});'),
    "a shoulder": file("test/a.test.ts", 'test("a shoulder", () => {});'),
  }),
  ...samples("no file speaks of the place it was written in", {
    "a document": file("docs/a.md", `see ${WORKPLACE}a`),
  }),
  ...fine("no file speaks of the place it was written in", {
    "a workflow's path": file("docs/a.md", "see .github/workflows/ci.yml and network/worker/a"),
  }),
];

function samples(rule: string, cases: Readonly<Record<string, Planted>>): readonly Sample[] {
  return Object.entries(cases).map(([what, files]) => ({ rule, what, files }));
}

function fine(rule: string, cases: Readonly<Record<string, Planted>>): readonly Sample[] {
  return samples(rule, cases).map((sample) => ({ ...sample, isFine: true }));
}
