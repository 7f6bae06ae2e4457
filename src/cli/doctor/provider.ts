/** One cheap real call to each model that the agents name: does it answer, how, and if not, why. */
import { faultHint } from "../../generation/fault/hint.ts";
import { attemptModel, type AttemptOptions } from "../../generation/gateway.ts";
import { prepareRoutes, type NamedRoutes } from "../../generation/prepare-routes.ts";
import { checkModelRetry } from "../../generation/check-retry.ts";
import { defaultModelRetry, type ModelRetry } from "../../generation/retry.ts";
import type { PreparedRoute } from "../../generation/route.ts";
import { isSameModel } from "../../generation/same-model.ts";
import type { ModelFault } from "../../journal/model-fault.ts";
import type { AgentDefinition } from "../../orchestration/agent.ts";
import { formatDuration } from "../../std/duration.ts";
import { errorMessage } from "../../std/error.ts";
import { Stop } from "../../std/stop.ts";
import { failureOf } from "../failure.ts";
import { note, ok, problem, type Finding } from "./finding.ts";
import { checkRetry } from "./retry.ts";

export interface ProvidersToCheck {
  readonly agents: readonly AgentDefinition[];
  readonly routes: NamedRoutes;
  /** One reference in place of the agents' own: `openai/gpt-5.2`. */
  readonly only?: string;
  /** The project's own limits on an attempt hold here too. */
  readonly modelRetry?: Partial<ModelRetry>;
}

/** Long enough for a stream to have pieces, short enough to cost next to nothing. */
const QUESTION = "Count from one to twenty in words, separated by commas. Write nothing else.";
const OUTPUT_TOKENS_MAX = 200;
const TIMEOUT_MS = 60_000;

/** An answer that took this long and then came within `BURST_MS` was held back by somebody. */
const HELD_BACK_MS = 300;
const BURST_MS = 10;
const PIECES_MIN = 4;

export async function checkProviders(given: ProvidersToCheck): Promise<readonly Finding[]> {
  const limits = limitsOf(given.modelRetry);
  const findings: Finding[] = [];
  // A model that several agents name is asked once.
  const routes = new Map<string, PreparedRoute>();
  for (const { where, choice } of choicesOf(given)) {
    try {
      const prepared = await prepareRoutes(choice, { named: given.routes, where });
      for (const route of prepared) routes.set(route.name, route);
    } catch (thrown) {
      const { message, hint } = failureOf(thrown) ?? { message: errorMessage(thrown) };
      findings.push(problem(`ask ${where}`, message, hint === undefined ? {} : { hint }));
    }
  }
  for (const route of routes.values()) findings.push(...(await checkRoute(route, limits)));
  if (findings.length > 0) return findings;
  return [
    note("ask", "no model was asked: none is named before a run begins", {
      hint: "Name one: bridle doctor --provider openai/gpt-5.2.",
    }),
  ];
}

/** Limits that make no sense are told elsewhere; here they leave the defaults in place. */
function limitsOf(modelRetry: Partial<ModelRetry> = {}): AttemptLimits {
  const isSound = checkRetry(modelRetry).length === 0;
  const limits = isSound ? checkModelRetry(modelRetry) : defaultModelRetry;
  return { ...limits, timeoutMs: Math.min(limits.timeoutMs ?? TIMEOUT_MS, TIMEOUT_MS) };
}

type AttemptLimits = NonNullable<AttemptOptions["limits"]>;

function choicesOf({ agents, only }: ProvidersToCheck) {
  if (only !== undefined) return [{ where: only, choice: only }];
  return agents.flatMap(({ name, model }) =>
    typeof model === "function" ? [] : [{ where: name, choice: model }],
  );
}

async function checkRoute(
  route: PreparedRoute,
  limits: AttemptLimits,
): Promise<readonly Finding[]> {
  const about = `ask ${route.name}`;
  const started = performance.now();
  const pieces: number[] = [];
  const attempt = await attemptModel(
    route.model,
    {
      prompt: [{ role: "user", content: [{ type: "text", text: QUESTION }] }],
      tools: [],
      settings: { maxOutputTokens: OUTPUT_TOKENS_MAX, ...route.settings },
      abortSignal: new Stop(),
    },
    {
      limits,
      onDelta: () => pieces.push(performance.now() - started),
    },
  );
  if (attempt.kind === "failed") return [brokenBy(attempt.fault, route)];
  const { fault } = attempt;
  // An answer that was cut off at the tokens it was given is an answer.
  if (fault !== null && fault.kind !== "truncated") return [brokenBy(fault, route)];
  const { answer, ms } = attempt;
  const { inputTokens, outputTokens } = answer.usage;
  const tokens = `${inputTokens ?? "?"} tokens in, ${outputTokens ?? "?"} out`;
  const first = pieces[0] === undefined ? "" : `, first words after ${rounded(pieces[0])}`;
  const isSimulated = answer.model.includes("simulated/");
  const simulated = isSimulated ? " (simulated)" : "";
  const findings = [
    ok(about, `${answer.model}${simulated} answered in ${rounded(ms)}${first}; ${tokens}`),
  ];
  return [...findings, ...worthALook(route, { pieces, answered: answer.model, inputTokens })];
}

function brokenBy(fault: ModelFault, { name, model }: PreparedRoute): Finding {
  const status = fault.status === undefined ? "" : ` (HTTP ${fault.status})`;
  const message = `${fault.kind.replaceAll("_", " ")}${status}: ${fault.message}`;
  return problem(`ask ${name}`, message, { hint: faultHint(fault, model) });
}

function worthALook(
  { name, model }: PreparedRoute,
  seen: {
    readonly pieces: readonly number[];
    readonly answered: string;
    readonly inputTokens: number | undefined;
  },
): readonly Finding[] {
  const about = `ask ${name}`;
  const findings: Finding[] = [];
  const { pieces, answered, inputTokens } = seen;
  const [first = 0] = pieces;
  const burstMs = (pieces.at(-1) ?? 0) - first;
  if (pieces.length >= PIECES_MIN && first >= HELD_BACK_MS && burstMs <= BURST_MS) {
    const message = `the stream came in one piece after ${rounded(first)}: a proxy buffers it`;
    findings.push(
      note(about, message, {
        hint: "Switch off response buffering in the proxy (nginx: proxy_buffering off).",
      }),
    );
  }
  if (!isSameModel(model.modelId, answered) && !answered.includes("simulated/")) {
    findings.push(
      note(about, `${model.modelId} was asked and ${answered} answered`, {
        hint: 'Name the model that answers, or refuse it: modelRetry: { switchedModel: "fault" }.',
      }),
    );
  }
  if (inputTokens === undefined) {
    findings.push(note(about, "the provider reports no token counts: budgets count from above"));
  }
  return findings;
}

function rounded(ms: number): string {
  return formatDuration(Math.round(ms));
}
