/** `bridle chaos tools`: a faulty proxy before somebody's service, and what came of it. */
import { toolFaults } from "../../chaos/tool-fault.ts";
import { startToolProxy, type ToolProxy, type ToolProxyOptions } from "../../chaos/tool-proxy.ts";
import { BridleError } from "../../std/error.ts";
import { chaosEnding } from "../chaos-ending.ts";
import type { CommonOptions } from "../chaos-options.ts";
import { exitCodes } from "../exit-code.ts";
import { createOutput, type Output } from "../output.ts";
import { toolExchangeLine, toolReportLines } from "../render/chaos-tools.ts";
import { tellFaults } from "../render/fault-list.ts";
import { asUsage } from "../usage-error.ts";

export interface ChaosToolsOptions extends CommonOptions {
  readonly upstream?: string;
  /** A method, a path's beginning, or both. */
  readonly on?: string;
  readonly keyHeader?: string;
}

/**
 * Serves until a signal, or until the time or the number of requests is over. With `--json`: a line
 * that says where it listens, one for each exchange, the report last.
 */
export async function chaosTools(options: ChaosToolsOptions): Promise<number> {
  const output = createOutput();
  const isJson = options.json === true;
  if (options.list === true) {
    tellFaults(output, toolFaults.map(listed), { isJson });
    return exitCodes.ok;
  }
  const proxyOptions = proxyOptionsOf(options);
  const ending = chaosEnding(options);
  try {
    const proxy = await asUsage(() =>
      startToolProxy({
        ...proxyOptions,
        onExchange: (exchange) => {
          if (isJson) output.json(exchange);
          else if (exchange.faults.length > 0) {
            output.say(toolExchangeLine(exchange, output.sayPaint));
          }
          ending.count();
        },
      }),
    );
    tellAddress(proxy, output, options);
    await ending.over;
    await proxy.close();
    const report = proxy.report();
    if (isJson) output.json({ report });
    else output.out(toolReportLines(report, output.paint).join("\n"));
  } finally {
    ending.stopListening();
  }
  return exitCodes.ok;
}

/** The members of the JSON are a promise to scripts. */
function tellAddress(proxy: ToolProxy, output: Output, options: ChaosToolsOptions): void {
  const { url, upstream } = proxy;
  const { json, seed = 1, rate, fault = [], on } = options;
  if (json === true) {
    output.json({ url, upstream, seed });
    return;
  }
  const percent =
    rate === undefined ? [] : [`${(rate * 100).toLocaleString("en-US")} % of requests`];
  const struck = on === undefined ? [] : [`on ${on}`];
  output.out(`Faults: ${[...percent, ...fault, ...struck, `seed ${seed}`].join("; ")}`);
  output.out("");
  output.out(`  ${url} stands before ${upstream}`);
  output.out("");
  output.out("Ctrl-C ends it and tells the report.");
}

function proxyOptionsOf(options: ChaosToolsOptions): ToolProxyOptions {
  const { upstream, fault, rate, seed, on, keyHeader, host, port } = options;
  if (upstream === undefined) throw usage("--upstream URL is missing.", "Or ask for --list.");
  if (fault === undefined && rate === undefined) {
    throw usage("Without --fault and --rate nothing would fail.", "--list names the faults.");
  }
  return {
    upstream,
    ...(fault === undefined ? {} : { faults: fault }),
    ...(rate === undefined ? {} : { rate }),
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

/** The members are a promise to scripts. */
function listed({ name, summary, argument }: (typeof toolFaults)[number]): {
  readonly name: string;
  readonly summary: string;
  readonly argument: string | null;
} {
  return { name, summary, argument: argument?.shown ?? null };
}

function usage(message: string, hint: string): BridleError {
  return new BridleError("usage", message, { hint });
}
