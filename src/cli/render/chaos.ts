/** What `bridle chaos` shows of its faults, as they strike and at the end. */
import type { ExchangeRecord } from "../../chaos/exchange.ts";
import type { ChaosReport, FaultTally } from "../../chaos/report.ts";
import { formatDuration } from "../../std/duration.ts";
import type { Paint } from "../output.ts";
import { faultTable, type Column } from "./fault-table.ts";
import { count, oneLine } from "./text.ts";

/** One request that met a fault. */
export function exchangeLine(exchange: ExchangeRecord, paint: Paint): string {
  const { atMs, faults, status, dialect, runKey, decision, repeat, earlyByMs, clientLeft } =
    exchange;
  const time = new Date(atMs).toISOString().slice(11, 19);
  const where = `${dialect}${runKey === "" ? "" : ` run ${oneLine(runKey)}`}`;
  const told = status === 0 ? "no response" : String(status);
  const notes = [
    `turn ${(decision ?? 0) + 1}`,
    ...(repeat === 0 ? [] : [`asked ${count(repeat, "time")} before`]),
    ...(earlyByMs === undefined ? [] : [`${formatDuration(earlyByMs)} too early`]),
    ...(clientLeft ? ["the client left"] : []),
  ];
  const names = paint.yellow(faults.join(" "));
  return `${paint.dim(time)} ${names}  ${told}  ${where}, ${notes.join(", ")}`;
}

const COLUMNS: readonly Column<FaultTally>[] = [
  ["injected", ({ injected }) => String(injected)],
  ["retried", ({ retried }) => String(retried)],
  ["went on", ({ wentOn }) => String(wentOn)],
  ["gave up", ({ gaveUp }) => String(gaveUp)],
  ["last", ({ last }) => String(last)],
  ["same body", ({ sameBodyAgain }) => String(sameBodyAgain)],
  ["early", ({ early }) => String(early)],
  ["left", ({ clientLeft }) => String(clientLeft)],
  [
    "waited (median)",
    ({ waitedMs }) => (waitedMs === null ? "-" : formatDuration(waitedMs.median)),
  ],
];

/** The report as a table, with what its columns mean. */
export function reportLines(report: ChaosReport, paint: Paint): readonly string[] {
  const { requests, faulted, early, clientLeft, note, faults } = report;
  const sum =
    `${count(requests, "request")}, ${faulted} met a fault, ${early} came before the time they ` +
    `were told, ${clientLeft} left by the client`;
  if (Object.keys(faults).length === 0) return ["", sum, note];
  return [
    "",
    ...faultTable(faults, COLUMNS, paint),
    "",
    sum,
    paint.dim(
      "retried: the same turn was asked again. went on: the next one was. gave up: an error",
    ),
    paint.dim(
      "or no response, and no request after it. last: it began with 200, and no request came",
    ),
    paint.dim("after it: taken or given up, the wire cannot tell."),
    note,
  ];
}
