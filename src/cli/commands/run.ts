import type { Harness } from "../../orchestration/harness.ts";
import { createHarness } from "../../orchestration/harness.ts";
import type { AgentDefinition } from "../../orchestration/agent.ts";
import { BridleError } from "../../std/error.ts";
import { didYouMean } from "../../std/suggest.ts";
import { governanceOf, loadProject, type Project } from "../config.ts";
import { driveRun } from "../drive.ts";
import { exitCodes } from "../exit-code.ts";
import { openForWork } from "../journal.ts";
import { OneRun } from "../one-run.ts";
import { createOutput } from "../output.ts";
import { readInput, type InputOptions } from "../read-input.ts";

export interface RunOptions extends InputOptions {
  readonly key?: string;
  readonly principal?: string;
  readonly tenant?: string;
  readonly detach?: boolean;
  readonly json?: boolean;
  readonly config?: string;
  readonly store?: string;
}

/** Starts a piece of work and drives it to its end. */
export async function runAgent(name: string | undefined, options: RunOptions): Promise<number> {
  const project = await loadProject(options.config);
  const agent = agentOf(project, name);
  const input = await readInput(options);
  const { key, principal, tenant } = options;
  const start = {
    input,
    ...(key === undefined ? {} : { idempotencyKey: key }),
    ...(principal === undefined
      ? {}
      : { principal: { id: principal, ...(tenant === undefined ? {} : { tenant }) } }),
  };
  const store = openForWork(project, options.store);
  const begin = async (harness: Harness): Promise<string> =>
    (await harness.start(agent.name, start)).runId;
  if (options.detach === true) return startOnly({ project, agent, options }, begin);
  const isJson = options.json === true;
  return driveRun({ project, agent, store, isJson, begin });
}

/** The agent that was named; without a name, the only one there is. */
export function agentOf(project: Project, name: string | undefined): AgentDefinition {
  const { agents } = project.config;
  const [only] = agents;
  if (name === undefined && only !== undefined && agents.length === 1) return only;
  const known = agents.map((agent) => agent.name);
  if (name === undefined) {
    throw new BridleError("usage", "Several agents are configured: name one", {
      hint: `Known: ${known.join(", ")}.`,
    });
  }
  const found = agents.find((agent) => agent.name === name);
  if (found !== undefined) return found;
  throw new BridleError("agent_unknown", `There is no agent "${name}"`, {
    hint: didYouMean(name, known),
  });
}

interface StartOnly {
  readonly project: Project;
  readonly agent: AgentDefinition;
  readonly options: RunOptions;
}

/** Durable, and left to whoever serves the same journal. */
async function startOnly(
  given: StartOnly,
  begin: (harness: Harness) => Promise<string>,
): Promise<number> {
  const { project, agent, options } = given;
  const store = openForWork(project, options.store);
  const engine = new OneRun();
  const harness = await createHarness({
    agents: [agent],
    store,
    engine,
    work: false,
    ...governanceOf(project),
  });
  const output = createOutput();
  try {
    const runId = await begin(harness);
    if (options.json === true) output.json({ runId, agent: agent.name });
    else output.out(runId);
    output.say(`waiting for a worker of this journal, or: bridle resume ${runId}`);
    return exitCodes.ok;
  } finally {
    await harness.close(0);
  }
}
