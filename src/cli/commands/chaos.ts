/** `bridle chaos`: a simulated model over a faulty wire, and a report of what its client did. */
import { faultPlan, type FaultPlanOptions } from "../../chaos/fault-plan.ts";
import { isTimed } from "../../chaos/fault-spec.ts";
import { parseFaultSpec, wireFaults } from "../../chaos/faults/catalogue.ts";
import type { ExchangeRecord, FaultPlan, WireFault } from "../../chaos/exchange.ts";
import type { ChatModel } from "../../chaos/model.ts";
import { findProfile, type ProfileName } from "../../chaos/profile.ts";
import { chaosReporter } from "../../chaos/report.ts";
import { echoModel, standInModel } from "../../chaos/stand-in-model.ts";
import { startWireProxy, strikesRealAnswers, type WireProxy } from "../../chaos/wire-proxy.ts";
import { startWireServer, type WireServer } from "../../chaos/wire-server.ts";
import { BridleError } from "../../std/error.ts";
import { readScript, scriptedModels } from "../answer-script.ts";
import { chaosEnding } from "../chaos-ending.ts";
import type { CommonOptions } from "../chaos-options.ts";
import { exitCodes } from "../exit-code.ts";
import { createOutput, type Output } from "../output.ts";
import { exchangeLine, reportLines } from "../render/chaos.ts";
import { tellFaults, type ListedFault } from "../render/fault-list.ts";
import { asUsage } from "../usage-error.ts";

export interface ChaosOptions extends CommonOptions {
  readonly profile?: ProfileName;
  readonly model: "stand-in" | "echo";
  readonly script?: string;
  readonly latency?: number;
  readonly upstream?: string;
}

/**
 * Serves until a signal, or until the time or the number of requests is over. With `--json`: a line
 * that says where it listens, one for each exchange, the report last.
 */
export async function runChaos(options: ChaosOptions): Promise<number> {
  const output = createOutput();
  const isJson = options.json === true;
  if (options.list === true) {
    tellFaults(output, wireFaults.map(listed), { isJson, marks: marksOf });
    return exitCodes.ok;
  }
  const plan = await asUsage(() => planOptionsOf(options));
  const faults = await asUsage(() => faultPlan(plan));
  const reporter = options.upstream === undefined ? chaosReporter() : chaosReporter(REAL_NOTE);
  const ending = chaosEnding(options);
  try {
    const server = await openWire(options, faults, (exchange) => {
      reporter.take(exchange);
      if (isJson) output.json(exchange);
      else if (exchange.faults.length > 0) output.say(exchangeLine(exchange, output.sayPaint));
      ending.count();
    });
    tellAddresses(server, output, { isJson, plan });
    await ending.over;
    await server.close();
    const report = reporter.report();
    if (isJson) output.json({ report });
    else output.out(reportLines(report, output.paint).join("\n"));
  } finally {
    ending.stopListening();
  }
  return exitCodes.ok;
}

async function openWire(
  options: ChaosOptions,
  faults: FaultPlan,
  onExchange: (exchange: ExchangeRecord) => void,
): Promise<WireServer | WireProxy> {
  const { host, port, latency, upstream, script, model } = options;
  const place = {
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port }),
  };
  if (upstream !== undefined) {
    if (script === undefined && latency === undefined && model === "stand-in") {
      return asUsage(() => startWireProxy({ ...place, upstream, faults, onExchange }));
    }
    throw new BridleError("usage", "--upstream goes without --script, --model and --latency.", {
      hint: "The provider answers; --fault latency:500 makes it slow.",
    });
  }
  return startWireServer({
    ...place,
    models: await modelsOf(options),
    faults,
    // As a provider streams: each event on its own.
    chunked: true,
    onExchange,
    ...(latency === undefined ? {} : { latencyMs: latency }),
  });
}

/** Without a profile, faults that name no time share the rate, as those of tools do. */
function planOptionsOf(options: ChaosOptions): FaultPlanOptions {
  const { profile, rate, seed, fault = [], upstream } = options;
  const isShared = profile === undefined && rate !== undefined;
  const shared = isShared ? fault.filter((spec) => !isTimed(parseFaultSpec(spec).when)) : [];
  const isNamed = rate !== undefined || fault.length > 0;
  const drawn = profile ?? (isNamed ? undefined : "field");
  return {
    ...(drawn === undefined ? {} : { profile: drawn }),
    ...(rate === undefined ? {} : { rate }),
    ...(seed === undefined ? {} : { seed }),
    ...(shared.length === 0
      ? {}
      : { weights: Object.fromEntries(shared.map((spec) => [spec.trim(), 1])) }),
    faults: fault.filter((spec) => !shared.includes(spec)),
    ...(upstream === undefined ? {} : { mayStrike: strikesRealAnswers }),
  };
}

async function modelsOf(options: ChaosOptions): Promise<(runKey: string) => ChatModel> {
  if (options.script !== undefined) return scriptedModels(await readScript(options.script));
  const model = options.model === "echo" ? echoModel() : standInModel();
  return () => model;
}

const REAL_NOTE = "A real provider answers here, and faults are injected on purpose.";
const NOTE = "Simulated: no real model answers here, and faults are injected on purpose.";

interface Told {
  readonly isJson: boolean;
  readonly plan: FaultPlanOptions;
}

/** The members of the JSON are a promise to scripts. */
function tellAddresses(server: WireServer | WireProxy, output: Output, told: Told): void {
  const { isJson, plan } = told;
  const { url } = server;
  if ("upstream" in server) {
    const { upstream } = server;
    const openai = server.urlFor("");
    if (isJson) output.json({ url, openai, upstream, seed: plan.seed ?? 1, note: REAL_NOTE });
    else {
      output.out(`${REAL_NOTE}\nFaults: ${plannedWords(plan)}\n`);
      output.out(`  OpenAI (chat)     baseURL=${openai}`);
      output.out(`  a run of its own  ${url}/r/KEY/v1\n`);
      output.out(
        `${upstream} answers, by the client's own key. Ctrl-C ends it and tells the report.`,
      );
    }
    return;
  }
  const addresses = {
    url,
    openai: server.urlFor("", "openai"),
    anthropic: server.urlFor("", "anthropic"),
    aiSdkAnthropic: server.urlFor("", "ai-sdk-anthropic"),
    gemini: server.urlFor("", "gemini"),
    googleGenai: server.urlFor("", "google-genai"),
  };
  if (isJson) {
    output.json({ ...addresses, seed: plan.seed ?? 1, note: NOTE });
    return;
  }
  const rows: readonly (readonly [string, string])[] = [
    ["OpenAI (chat, responses)", `baseURL=${addresses.openai}`],
    ["Anthropic", `baseURL=${addresses.anthropic}`],
    ["Anthropic by the AI SDK", `baseURL=${addresses.aiSdkAnthropic}`],
    ["Gemini by the AI SDK", `baseURL=${addresses.gemini}`],
    ["Gemini by @google/genai", `baseUrl=${addresses.googleGenai}`],
    ["a run of its own", `${url}/r/KEY/… in place of ${url}/…`],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  output.out(NOTE);
  output.out(`Faults: ${plannedWords(plan)}`);
  output.out("");
  for (const [name, address] of rows) output.out(`  ${name.padEnd(width)}  ${address}`);
  output.out("");
  output.out("Any key will do. Ctrl-C ends it and tells the report.");
}

function plannedWords({ profile, rate, weights, seed = 1, faults = [] }: FaultPlanOptions): string {
  const isDrawn = profile !== undefined || rate !== undefined;
  const share = rate ?? findProfile(profile ?? "field").rate;
  const mixture =
    weights === undefined
      ? `profile ${profile ?? "field"}`
      : `one of ${Object.keys(weights).join(", ")}`;
  const percent = `${(share * 100).toLocaleString("en-US")} % of requests`;
  return [...(isDrawn ? [`${mixture}, ${percent}`] : []), ...faults, `seed ${seed}`].join("; ");
}

interface ListedWireFault extends ListedFault {
  readonly group: string;
  readonly dialects: readonly string[] | null;
  readonly only: "stream" | "whole" | null;
  readonly needs: "text" | "call" | null;
}

/** The members are a promise to scripts. */
function listed(fault: WireFault): ListedWireFault {
  const { name, group, summary, dialects = null, only = null, needs = null, argument } = fault;
  return { name, group, summary, dialects, only, needs, argument: argument ?? null };
}

function marksOf({ dialects, only }: ListedWireFault): readonly string[] {
  return [
    ...(dialects === null ? [] : [dialects.join(", ")]),
    ...(only === null ? [] : [only === "stream" ? "streams" : "whole answers"]),
  ];
}
