/** What the demo shows while it runs, and the table at its end. */
import pc from "picocolors";
import { ERROR_RATE, MIX } from "./clerk.ts";
import type { Report } from "./report.ts";

/** Lines for a person; on a terminal the progress is one line that changes. */
export interface Screen {
  say(line: string): void;
  /** Something a person should not miss. */
  alarm(line: string): void;
  progress(done: number, total: number): void;
}

/** Colour and a moving line only on a terminal; `NO_COLOR` is honoured (no-color.org). */
export function openScreen(stream: NodeJS.WriteStream): Screen {
  // Undefined for a pipe, which the colour library would take as leave to guess.
  const isTerminal: boolean = stream.isTTY ?? false;
  const colors = pc.createColors(isTerminal && (process.env["NO_COLOR"] ?? "") === "");
  let shown = -1;
  const clear = (): void => {
    if (isTerminal && shown >= 0) stream.write("\r\u001B[K");
  };
  return {
    say: (line) => {
      clear();
      stream.write(`${line}\n`);
    },
    alarm: (line) => {
      clear();
      stream.write(`${colors.bold(colors.red(line))}\n`);
    },
    progress: (done, total) => {
      if (done === shown) return;
      const text = `  ${done} of ${total} tickets done`;
      const step = Math.max(1, Math.ceil(total / 8));
      if (isTerminal) stream.write(`\r\u001B[K${colors.dim(text)}`);
      else if (Math.floor(done / step) > Math.floor(Math.max(0, shown) / step)) {
        stream.write(`${text}\n`);
      }
      shown = done;
    },
  };
}

/** Who works at the desk, in plain words. */
export function introduce(model: string | undefined): readonly string[] {
  if (model !== undefined) return [`The model is ${model}. What it does is not known beforehand.`];
  const kinds = Object.entries(MIX).flatMap(([kind, weight]) => (weight > 0 ? [words(kind)] : []));
  return [
    `The model is simulated, no key is needed. It knows the right steps and takes a wrong one in`,
    `${ERROR_RATE * 100} % of its decisions: ${kinds.join(", ")}.`,
    'A "done" that is not true goes back to it: code checks what each ticket asks for. Wrong but',
    "valid values and work nobody asked for are left out: policies stop those, not shown here.",
  ];
}

export function howToUseRealModel(): readonly string[] {
  return [
    "With a real model, in a project of your own:",
    "  npm install bridle @ai-sdk/openai",
    "  OPENAI_API_KEY=… npx bridle demo --model openai/gpt-5.2",
    "or @ai-sdk/anthropic, ANTHROPIC_API_KEY and --model anthropic/… ; in a clone of this",
    "repository `npm run demo -- --model …` does the same.",
  ];
}

/** The report as lines of a table. */
export function reportTable(report: Report): readonly string[] {
  const { tickets, terminal, claimed, verified, claimedNotDone, injected, caught } = report;
  const none = "none";
  const unproven = claimedNotDone.length === 0 ? none : claimedNotDone.join(", ");
  const rows: readonly (readonly [string, string])[] = [
    ["Tickets", `${tickets}, ended: ${terminal}`],
    ["Outcomes", list(report.outcomes) || none],
    ["Runs lost", String(report.runsLost)],
    ["Worker killed with SIGKILL", times(report.kills)],
    [
      "Counted at the payment service",
      `${report.refundsApplied} refunds (${report.refundsExpected} expected), ` +
        `${report.reviewsOpened} reviews (${report.reviewsExpected} expected)`,
    ],
    ["Counted in the shop's database", `${report.letters} letters (${tickets} expected)`],
    ["Effects doubled", String(report.effectsDoubled)],
    [
      "Answers lost after the commit",
      `${report.withheld}; sent again under the same key: ${report.replays}, ` +
        `looked up: ${report.reconciled}`,
    ],
    ["Claimed done / checked right", `${claimed} / ${verified}`],
    ["Claimed but not done", unproven],
    ["Model errors injected", list(injected) || none],
    ["Sent back by the gate", `${report.sentBack} (said to be done, and not)`],
    ["Calls stopped before they ran", list(caught) || none],
    ["Writes refused by the desk", `${report.refusedByRule} (second refunds, closed tickets)`],
    ["Turns", String(report.turns)],
    ["Tokens", `${report.inputTokens} in, ${report.outputTokens} out${estimated(report)}`],
    ["Time", `${(report.ms / 1000).toFixed(1)} s`],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `  ${name.padEnd(width)}   ${value}`);
}

function estimated({ model }: Report): string {
  return model === "simulated" ? " (estimated: a simulated model has no tokenizer)" : "";
}

function list(counts: Readonly<Record<string, number | undefined>>): string {
  return Object.entries(counts)
    .map(([kind, count]) => `${words(kind)} ${count}`)
    .join(", ");
}

function words(kind: string): string {
  return kind.replaceAll("_", " ");
}

function times(count: number): string {
  return count === 1 ? "once" : `${count} times`;
}
