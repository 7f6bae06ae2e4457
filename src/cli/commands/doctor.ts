/** `bridle doctor`: what works, what does not, and which guarantees nobody has declared. */
import { errorMessage } from "../../std/error.ts";
import { exitCodes } from "../exit-code.ts";
import { checkAgent } from "../doctor/agent.ts";
import { checkJournal } from "../doctor/journal.ts";
import { checkRetry } from "../doctor/retry.ts";
import { checkRuntime } from "../doctor/runtime.ts";
import { note, problem, type Finding } from "../doctor/finding.ts";
import { findConfig, loadProject, shortPath, type Project } from "../config.ts";
import { failureOf } from "../failure.ts";
import { createOutput, type Output, type Paint } from "../output.ts";
import { manyLines } from "../render/text.ts";

export interface DoctorOptions {
  readonly json?: boolean;
  readonly config?: string;
  readonly store?: string;
  /** True: ask the agents' models; a text: ask this one. */
  readonly provider?: boolean | string;
}

/** Looks at everything and changes nothing. Exit code 1 when something is broken. */
export async function examine(options: DoctorOptions): Promise<number> {
  const findings: Finding[] = [...checkRuntime()];
  const project = await checkProject(options, findings);
  findings.push(...(await checkJournal(options, project)));
  const around =
    project === undefined
      ? {}
      : {
          folder: project.folder,
          decides: project.config.decide !== undefined,
          ...(project.config.routes === undefined ? {} : { routes: project.config.routes }),
        };
  for (const agent of project?.config.agents ?? [])
    findings.push(...(await checkAgent(agent, around)));
  if (project !== undefined && project.config.decide === undefined) {
    findings.push(
      note("decide", "every call is allowed: no decision point is declared", {
        hint: "Add decide: (request) => … to the config to allow, deny or ask.",
      }),
    );
  }
  findings.push(...checkPeople(project), ...checkRetry(project?.config.modelRetry));
  if (options.provider !== undefined) findings.push(...(await askProviders(options, project)));
  const output = createOutput();
  const problems = findings.filter((finding) => finding.kind === "problem").length;
  if (options.json === true) output.json({ ok: problems === 0, findings });
  else print(findings, output);
  return problems === 0 ? exitCodes.ok : exitCodes.error;
}

async function askProviders(
  { provider }: DoctorOptions,
  project: Project | undefined,
): Promise<readonly Finding[]> {
  const { checkProviders } = await import("../doctor/provider.ts");
  const { agents = [], routes = {}, modelRetry = {} } = project?.config ?? {};
  const only = typeof provider === "string" ? { only: provider } : {};
  return checkProviders({ agents, routes, modelRetry, ...only });
}

/** Tools that ask of nobody are refused: that is safe, and seldom what was meant. */
function checkPeople(project: Project | undefined): readonly Finding[] {
  const { people = [], agents = [], sealSecret } = project?.config ?? {};
  const tools = agents.flatMap((agent) => Object.values(agent.tools ?? {}));
  const asks = tools.some(({ approval, needsApproval = false }) => {
    return approval !== undefined || needsApproval !== false;
  });
  if (people.length === 0 && !asks) return [];
  if (people.length === 0) {
    return [
      note("people", "tools ask for approval and nobody may give it: their calls are refused", {
        hint: 'Add people: [{ id: "ann" }] to the config.',
      }),
    ];
  }
  if (sealSecret !== undefined) return [];
  return [
    note("people", "votes carry no seal: who can write to the store can vote as anybody", {
      hint: "Add sealSecret: process.env.BRIDLE_SEAL_SECRET to the config.",
    }),
  ];
}

async function checkProject(
  options: DoctorOptions,
  findings: Finding[],
): Promise<Project | undefined> {
  try {
    const isAlone = options.store !== undefined || typeof options.provider === "string";
    if (isAlone && options.config === undefined && findConfig() === undefined) {
      return undefined;
    }
    const project = await loadProject(options.config);
    const agents = project.config.agents.map((agent) => agent.name).join(", ");
    findings.push({
      kind: "ok",
      about: "config",
      message: `${shortPath(project.file)}: ${agents}`,
    });
    return project;
  } catch (thrown) {
    const { message, hint } = failureOf(thrown) ?? { message: errorMessage(thrown) };
    findings.push(problem("config", message, hint === undefined ? {} : { hint }));
    return undefined;
  }
}

function print(findings: readonly Finding[], output: Output): void {
  const { paint } = output;
  const width = Math.max(...findings.map(({ about }) => about.length));
  for (const { kind, about, message, hint } of findings) {
    output.out(`${mark(kind, paint)} ${about.padEnd(width)}  ${manyLines(message)}`);
    if (hint !== undefined) output.out(`  ${" ".repeat(width)}  ${paint.dim(manyLines(hint))}`);
  }
  const count = (kind: Finding["kind"]): number =>
    findings.filter((finding) => finding.kind === kind).length;
  output.out("");
  output.out(`${count("problem")} broken, ${count("note")} undeclared or worth a look`);
}

function mark(kind: Finding["kind"], paint: Paint): string {
  switch (kind) {
    case "ok":
      return paint.green("✓");
    case "note":
      return paint.yellow("!");
    case "problem":
    default:
      return paint.red("×");
  }
}
