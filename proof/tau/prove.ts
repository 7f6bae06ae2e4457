/**
 * `prove tau`: published customer-service tasks, played through the harness to the end state that
 * their authors' reference solutions leave.
 *
 * Every task is one run: a journal in SQLite, a model behind a real HTTP server, the tools of the
 * domain as the agent's. The end state is compared by hash, as the public scorer does. There is
 * no simulated customer: the model is given the customer's whole wish as the request.
 */
import { resolveModel } from "../../src/generation/resolve.ts";
import { isBridleError } from "../../src/std/error.ts";
import { ProofUsageError, type Proof, type ProofContext, type ProofReport } from "../proof.ts";
import { findDataRoot, loadDomain, type Domain } from "./data.ts";
import { reportOf } from "./figures.ts";
import { oracles, simulated, type TaskModels } from "./models.ts";
import { play } from "./play.ts";
import type { Task } from "./task.ts";

const ERROR = 0.15;
const SEED = 1;
/** With `--quick` every n-th task is played. */
const QUICK_EACH = 5;

export const tauProof: Proof = {
  name: "tau",
  guarantee: "G2 No side effect happens twice, nor another than was called for",
  summary: "plays the public tau tasks and compares every end state with the reference",
  options: [
    {
      name: "domain",
      kind: "text",
      placeholder: "NAME",
      choices: ["retail", "airline"],
      summary: "whose tasks (default retail)",
    },
    {
      name: "model",
      kind: "text",
      placeholder: "oracle|simulated|PROVIDER/MODEL",
      summary: "who decides (default oracle)",
    },
    {
      name: "error",
      kind: "number",
      placeholder: "RATE",
      summary: `share of decisions in which the simulated model errs (default ${ERROR})`,
    },
    { name: "seed", kind: "number", placeholder: "N", summary: `of its errors (default ${SEED})` },
    {
      name: "data",
      kind: "text",
      placeholder: "PATH",
      summary: "a folder with checkouts of tau2-bench and tau-bench",
    },
  ],
  examples: [
    "--domain retail --model oracle --json",
    "--domain airline",
    "--model simulated --error 0.15 --seed 1",
    "--model openai/gpt-5.2 --quick",
  ],
  run,
};

async function run(context: ProofContext): Promise<ProofReport> {
  const { options, quick, signal, progress } = context;
  const name = options["domain"] === "airline" ? "airline" : "retail";
  const domain = openDomain(name, options["data"]);
  const tasks = domain.tasks.filter((_task, index) => !quick || index % QUICK_EACH === 0);
  const { model, label, noise } = await chooseModel(context, domain, tasks);
  progress(`${tasks.length} ${name} tasks, model ${label}`);
  if (label === "simulated") progress("The model is simulated: its errors are drawn, not made.");
  const started = Date.now();
  const played = await play({ domain, tasks, model, signal, progress });
  const ms = Date.now() - started;
  return reportOf(played, { domain: name, model: label, noise, quick, ms });
}

/** Data that is not there is the caller's to mend, and no broken guarantee. */
function openDomain(name: Domain["name"], path: ProofContext["options"][string]): Domain {
  try {
    return loadDomain(name, findDataRoot(typeof path === "string" ? path : undefined));
  } catch (thrown) {
    if (!isBridleError(thrown, "usage")) throw thrown;
    throw new ProofUsageError(`${thrown.message} ${thrown.hint ?? ""}`.trim());
  }
}

interface Chosen {
  readonly model: TaskModels | string;
  readonly label: string;
  readonly noise: { readonly errorRate: number; readonly seed: number } | null;
}

async function chooseModel(
  { options }: ProofContext,
  domain: Domain,
  tasks: readonly Task[],
): Promise<Chosen> {
  const { model = "oracle", error, seed } = options;
  const label = String(model);
  if (label !== "simulated" && (error !== undefined || seed !== undefined)) {
    throw new ProofUsageError("--error and --seed need --model simulated.");
  }
  if (label === "oracle") return { model: oracles(tasks), label, noise: null };
  if (label === "simulated") {
    const noise = noiseOf(error ?? ERROR, seed ?? SEED);
    return { model: simulated(domain, tasks, noise), label, noise };
  }
  try {
    await resolveModel(label);
  } catch (thrown) {
    if (!isBridleError(thrown)) throw thrown;
    throw new ProofUsageError(`${thrown.message}. ${thrown.hint ?? ""}`.trim());
  }
  return { model: label, label, noise: null };
}

function noiseOf(errorRate: unknown, seed: unknown): NonNullable<Chosen["noise"]> {
  if (typeof errorRate !== "number" || errorRate < 0 || errorRate > 1) {
    throw new ProofUsageError("--error needs a rate from 0 to 1.");
  }
  if (typeof seed !== "number" || !Number.isSafeInteger(seed)) {
    throw new ProofUsageError("--seed needs a whole number.");
  }
  return { errorRate, seed };
}
