/** `bridle chaos tools`: a faulty proxy before somebody's service, and what came of it. */
import { toolFaults } from "../../chaos/tool-fault.ts";
import { startToolProxy, type ToolProxyOptions } from "../../chaos/tool-proxy.ts";
import type { ToolExchange, ToolProxyReport } from "../../chaos/tool-report.ts";
import { BridleError } from "../../std/error.ts";
import { exitCodes } from "../exit-code.ts";
import { createOutput, type Output } from "../output.ts";
import { clip, count, oneLine } from "../render/text.ts";

export interface ChaosToolsOptions {
  readonly upstream?: string;
  readonly fault?: readonly string[];
  /** Percent. */
  readonly rate?: number;
  readonly seed?: number;
  /** A method, a path's beginning, or both. */
  readonly on?: string;
  readonly keyHeader?: string;
  readonly host?: string;
  readonly port?: number;
  readonly list?: boolean;
  readonly json?: boolean;
}

const TARGET_CHARS_MAX = 80;

/**
 * Runs until SIGINT or SIGTERM, then tells the report. With `--json`: a line that says where it
 * listens, one for each exchange, the report last.
 */
export async function chaosTools(options: ChaosToolsOptions): Promise<number> {
  const output = createOutput();
  const isJson = options.json === true;
  if (options.list === true) {
    listFaults(output, isJson);
    return exitCodes.ok;
  }
  const stopped = untilSignal();
  const proxy = await startToolProxy({
    ...proxyOptions(options),
    onExchange: (exchange) => {
      if (isJson) output.json(exchange);
      else if (exchange.faults.length > 0) output.out(exchangeLine(exchange));
    },
  });
  if (isJson) output.json({ url: proxy.url, upstream: options.upstream, seed: options.seed ?? 1 });
  else output.say(`${proxy.url} stands before ${options.upstream}; Ctrl-C ends it`);
  await stopped;
  await proxy.close();
  const report = proxy.report();
  if (isJson) output.json({ report });
  else for (const line of reportLines(report)) output.out(line);
  return exitCodes.ok;
}

function proxyOptions(options: ChaosToolsOptions): ToolProxyOptions {
  const { upstream, fault, rate, seed, on, keyHeader, host, port } = options;
  if (upstream === undefined) throw usage("--upstream URL is missing.", "Or ask for --list.");
  if (fault === undefined && rate === undefined) {
    throw usage("Without --fault and --rate nothing would fail.", "--list names the faults.");
  }
  return {
    upstream,
    ...(fault === undefined ? {} : { faults: fault }),
    ...(rate === undefined ? {} : { rate: rate / 100 }),
    ...(seed === undefined ? {} : { seed }),
    ...(on === undefined ? {} : { strikes: strikesOf(on) }),
    ...(keyHeader === undefined ? {} : { keyHeader }),
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port }),
  };
}

/** `POST`, `/payments`, `POST /payments`. */
function strikesOf(on: string): NonNullable<ToolProxyOptions["strikes"]> {
  const [, method = "", path = ""] = /^([A-Za-z]*)\s*(\/\S*)?$/.exec(on.trim()) ?? [];
  if (method === "" && path === "") {
    throw usage(`--on "${on}" names no requests.`, 'Write a method, a path, or "POST /payments".');
  }
  const wanted = method.toUpperCase();
  return (request) =>
    (wanted === "" || request.method === wanted) && request.target.startsWith(path);
}

/** The first signal ends it in order; a second one ends the process. */
function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
  });
}

function listFaults(output: Output, isJson: boolean): void {
  for (const { name, summary, argument } of toolFaults) {
    const takes = argument?.shown ?? null;
    if (isJson) output.json({ name, summary, argument: takes });
    else {
      output.out(`${name.padEnd(NAME_WIDTH)} ${summary}`);
      if (takes !== null) output.out(`${" ".repeat(NAME_WIDTH)}   ${name}:… ${takes}`);
    }
  }
}

const NAME_WIDTH = Math.max(...toolFaults.map(({ name }) => name.length));

function exchangeLine(exchange: ToolExchange): string {
  const { method, target, faults, isCommitted, isTold } = exchange;
  const danger = isCommitted && !isTold ? "  done, and the client does not know" : "";
  return oneLine(`${faults.join(" ")}  ${method} ${clip(target, TARGET_CHARS_MAX)}${danger}`);
}

function reportLines(report: ToolProxyReport): readonly string[] {
  const { requests, upstreamCalls, upstreamFailures, tooEarly, faults } = report;
  const names = Object.keys(faults).toSorted();
  const lines = [
    `${count(requests, "request")}, ${count(upstreamCalls, "call")} of the service`,
    ...(upstreamFailures === 0 ? [] : [`${upstreamFailures} of these failed by themselves`]),
    ...(tooEarly === 0 ? [] : [`${count(tooEarly, "request")} before the time of retry-after`]),
  ];
  if (names.length === 0) return [...lines, "no fault struck"];
  return [...lines, ...names.flatMap((name) => faultLines(name, faults[name]))];
}

function faultLines(name: string, counts: ToolProxyReport["faults"][string] | undefined): string[] {
  if (counts === undefined) return [];
  const { injected, committedThoughFailed, retried, retriedWithKey, retriedWithoutKey } = counts;
  const told = [`${name.padEnd(NAME_WIDTH)} struck ${injected}`];
  if (committedThoughFailed > 0) told.push(`done and not told ${committedThoughFailed}`);
  if (retried > 0) told.push(`retried ${retried}, ${retriedWithKey} under the same key`);
  if (retriedWithoutKey > 0) told.push(`DONE TWICE for want of a key ${retriedWithoutKey}`);
  return [told.join("; ")];
}

function usage(message: string, hint: string): BridleError {
  return new BridleError("usage", message, { hint });
}
