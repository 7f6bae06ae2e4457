/** What `bridle chaos tools` shows of its faults, as they strike and at the end. */
import type { ToolExchange, ToolFaultCounts, ToolProxyReport } from "../../chaos/tool-report.ts";
import type { Paint } from "../output.ts";
import { faultTable, type Column } from "./fault-table.ts";
import { clip, count, oneLine } from "./text.ts";

const TARGET_CHARS_MAX = 80;

/** One request that met a fault. */
export function toolExchangeLine(exchange: ToolExchange, paint: Paint): string {
  const { method, target, faults, isCommitted, isTold, upstreamStatus } = exchange;
  const danger = isCommitted && !isTold ? "  done, and the client does not know" : "";
  const said = upstreamStatus === null ? "" : `, the service said ${upstreamStatus}`;
  const what = oneLine(`${method} ${clip(target, TARGET_CHARS_MAX)}`);
  return `${paint.yellow(faults.join(" "))}  ${what}${said}${paint.red(danger)}`;
}

const COLUMNS: readonly Column<ToolFaultCounts>[] = [
  ["injected", ({ injected }) => String(injected)],
  ["retried", ({ retried }) => String(retried)],
  ["with key", ({ retriedWithKey }) => String(retriedWithKey)],
  ["done untold", ({ committedThoughFailed }) => String(committedThoughFailed)],
  ["done twice", ({ retriedWithoutKey }) => String(retriedWithoutKey)],
];

/** The report as a table, with what its columns mean. */
export function toolReportLines(report: ToolProxyReport, paint: Paint): readonly string[] {
  const { requests, upstreamCalls, upstreamFailures, tooEarly, faults } = report;
  const sum =
    `${count(requests, "request")}, ${count(upstreamCalls, "call")} of the service, ` +
    `${upstreamFailures} of these failed by themselves, ${tooEarly} came before the time they ` +
    `were told`;
  const doneTwice = Object.values(faults).reduce((all, each) => all + each.retriedWithoutKey, 0);
  if (Object.keys(faults).length === 0) return ["", `${sum}, no fault struck`];
  return [
    "",
    ...faultTable(faults, COLUMNS, paint),
    "",
    sum,
    ...(doneTwice === 0 ? [] : [paint.red(`DONE TWICE for want of a key: ${doneTwice}`)]),
    paint.dim("retried: the same request came again, with key: under the same idempotency key."),
    paint.dim(
      "done untold: the service did the write, and the client was not told. done twice: it",
    ),
    paint.dim("was then made again under no key or another."),
  ];
}
