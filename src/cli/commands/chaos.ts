/** `bridle chaos`: a simulated model over a faulty wire, and a report of what its client did. */
import { faultPlan } from "../../chaos/fault-plan.ts";
import { wireFaults } from "../../chaos/faults/catalogue.ts";
import type { ExchangeRecord, FaultPlan, WireFault } from "../../chaos/exchange.ts";
import type { ChatModel } from "../../chaos/model.ts";
import { findProfile, type ProfileName } from "../../chaos/profile.ts";
import { chaosReporter, type ChaosReporter } from "../../chaos/report.ts";
import { echoModel, standInModel } from "../../chaos/stand-in-model.ts";
import { startWireServer, type WireServer } from "../../chaos/wire-server.ts";
import { BridleError, isBridleError } from "../../std/error.ts";
import { readScript, scriptedModels } from "../answer-script.ts";
import { exitCodes } from "../exit-code.ts";
import { createOutput, type Output } from "../output.ts";
import { exchangeLine, reportLines } from "../render/chaos.ts";

export interface ChaosOptions {
  readonly profile?: ProfileName;
  readonly rate?: number;
  readonly seed?: number;
  readonly fault?: readonly string[];
  readonly list?: boolean;
  readonly model: "stand-in" | "echo";
  readonly script?: string;
  readonly latency?: number;
  readonly port?: number;
  readonly host?: string;
  /** Seconds. */
  readonly for?: number;
  readonly requests?: number;
  readonly json?: boolean;
}

/** A timer of Node's cannot be set for longer. */
const FOR_MS_MAX = 2_147_483_647;

/** Serves until a signal, or until the time or the number of requests is over. */
export async function runChaos(options: ChaosOptions): Promise<number> {
  const output = createOutput();
  if (options.list === true) {
    tellFaults(output, options.json === true);
    return exitCodes.ok;
  }
  const faults = planOf(options);
  const models = await modelsOf(options);
  const reporter = chaosReporter();
  const ending = endingOf(options);
  const { host, port, latency } = options;
  try {
    const server = await startWireServer({
      models,
      faults,
      // As a provider streams: each event on its own.
      chunked: true,
      onExchange: (exchange) => take(exchange, { reporter, output, ending, options }),
      ...(host === undefined ? {} : { host }),
      ...(port === undefined ? {} : { port }),
      ...(latency === undefined ? {} : { latencyMs: latency }),
    });
    tellAddresses(server, output, options);
    await ending.over;
    const report = reporter.report();
    await server.close();
    if (options.json === true) output.json(report);
    else output.out(reportLines(report, output.paint).join("\n"));
  } finally {
    ending.stopListening();
  }
  return exitCodes.ok;
}

/** What a person typed wrong is told as such. */
function planOf({ profile, rate, seed, fault }: ChaosOptions): FaultPlan {
  const isNamed = profile !== undefined || rate !== undefined || fault !== undefined;
  const drawn = isNamed ? profile : "field";
  try {
    return faultPlan({
      ...(drawn === undefined ? {} : { profile: drawn }),
      ...(rate === undefined ? {} : { rate }),
      ...(seed === undefined ? {} : { seed }),
      ...(fault === undefined ? {} : { faults: fault }),
    });
  } catch (thrown) {
    if (!isBridleError(thrown, "input_invalid")) throw thrown;
    const hint = thrown.hint ?? "See `bridle chaos --help`.";
    throw new BridleError("usage", thrown.message, { hint, cause: thrown });
  }
}

async function modelsOf(options: ChaosOptions): Promise<(runKey: string) => ChatModel> {
  if (options.script !== undefined) return scriptedModels(await readScript(options.script));
  const model = options.model === "echo" ? echoModel() : standInModel();
  return () => model;
}

interface Ending {
  readonly over: Promise<void>;
  /** One more request is answered. */
  count(): void;
  stopListening(): void;
}

function endingOf(options: ChaosOptions): Ending {
  const { promise: over, resolve } = Promise.withResolvers<void>();
  const end = (): void => resolve();
  process.once("SIGINT", end);
  process.once("SIGTERM", end);
  const forMs = options.for === undefined ? undefined : Math.min(options.for * 1000, FOR_MS_MAX);
  const timer = forMs === undefined ? undefined : setTimeout(end, forMs);
  let answered = 0;
  return {
    over,
    count: () => {
      answered += 1;
      if (answered === options.requests) end();
    },
    stopListening: () => {
      clearTimeout(timer);
      process.off("SIGINT", end);
      process.off("SIGTERM", end);
    },
  };
}

interface Taking {
  readonly reporter: ChaosReporter;
  readonly output: Output;
  readonly ending: Ending;
  readonly options: ChaosOptions;
}

function take(exchange: ExchangeRecord, taking: Taking): void {
  const { reporter, output, ending, options } = taking;
  reporter.take(exchange);
  const isWatched = process.stderr.isTTY && options.json !== true;
  if (isWatched && exchange.faults.length > 0) output.say(exchangeLine(exchange, output.sayPaint));
  ending.count();
}

const NOTE = "Simulated: no real model answers here, and faults are injected on purpose.";

/** The members of the JSON are a promise to scripts. */
function tellAddresses(server: WireServer, output: Output, options: ChaosOptions): void {
  const { url } = server;
  const addresses = {
    url,
    openai: server.urlFor("", "openai"),
    anthropic: server.urlFor("", "anthropic"),
    aiSdkAnthropic: server.urlFor("", "ai-sdk-anthropic"),
    gemini: server.urlFor("", "gemini"),
    googleGenai: server.urlFor("", "google-genai"),
  };
  if (options.json === true) {
    output.json({ ...addresses, note: NOTE });
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
  output.out(plannedWords(options));
  output.out("");
  for (const [name, address] of rows) output.out(`  ${name.padEnd(width)}  ${address}`);
  output.out("");
  output.out("Any key will do. Ctrl-C ends it and tells the report.");
}

function plannedWords({ profile, rate, seed = 1, fault = [] }: ChaosOptions): string {
  const isDrawn = profile !== undefined || rate !== undefined || fault.length === 0;
  const name = profile ?? "field";
  const percent = ((rate ?? findProfile(name).rate) * 100).toLocaleString("en-US");
  const drawn = isDrawn ? [`profile ${name}, ${percent} % of requests, seed ${seed}`] : [];
  return `Faults: ${[...drawn, ...fault].join("; ")}`;
}

function tellFaults(output: Output, isJson: boolean): void {
  if (isJson) {
    output.json(wireFaults.map(listed));
    return;
  }
  const width = Math.max(...wireFaults.map(({ name }) => name.length));
  for (const group of new Set(wireFaults.map((fault) => fault.group))) {
    output.out(output.paint.bold(group));
    for (const fault of wireFaults.filter((each) => each.group === group)) {
      const { name, summary, dialects, only, argument } = fault;
      const marks = [
        ...(dialects === undefined ? [] : [dialects.join(", ")]),
        ...(only === undefined ? [] : [only === "stream" ? "streams" : "whole answers"]),
        ...(argument === undefined ? [] : [`:${argument}`]),
      ];
      const more = marks.length === 0 ? "" : output.paint.dim(` (${marks.join("; ")})`);
      output.out(`  ${name.padEnd(width)}  ${summary}${more}`);
    }
  }
}

/** The members are a promise to scripts. */
function listed({ name, group, summary, dialects, only, needs, argument }: WireFault): object {
  return {
    name,
    group,
    summary,
    dialects: dialects ?? null,
    only: only ?? null,
    needs: needs ?? null,
    argument: argument ?? null,
  };
}
