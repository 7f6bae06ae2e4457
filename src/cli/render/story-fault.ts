/** The lines of a run's story that tell what went wrong with a model, and what was done then. */
import { unreachable } from "../../std/assert.ts";
import { formatDuration } from "../../std/duration.ts";
import type { ModelFaulted } from "../../journal/wire-event.ts";
import type { StoryOptions } from "./story.ts";
import { clip, oneLine, timeText } from "./text.ts";

export function tellFault(telling: StoryOptions, event: ModelFaulted): readonly string[] {
  const { yellow, dim } = telling.paint;
  const { asked, fault, arrived, turn, ms } = event;
  const status = fault.status === undefined ? "" : ` (HTTP ${fault.status})`;
  const what = oneLine(clip(fault.message, telling.charsMax));
  const kind = fault.kind.replaceAll("_", " ");
  const lines = [
    `${yellow("fault")}   turn ${turn}, ${oneLine(asked)}: ${kind}${status}: ${what}`,
    dim(`        after ${formatDuration(ms)}; ${done(event)}`),
  ];
  if (arrived === undefined) return lines;
  const calls = arrived.calls === 0 ? "" : `, ${arrived.calls} calls begun, none run`;
  return [...lines, dim(`        had arrived: ${arrived.chars} characters${calls}`)];
}

function done({ answer, waitMs = 0, notBefore, shrink, outputTokensMax }: ModelFaulted): string {
  switch (answer) {
    case "wait":
      return `asked again in ${formatDuration(waitMs)}`;
    case "park":
      return `the run waits until ${timeText(notBefore ?? 0)} and holds no process`;
    case "rest":
      return `another route is asked; this one not before ${timeText(notBefore ?? 0)}`;
    case "shrink":
      return shrink === undefined
        ? `asked again for at most ${outputTokensMax ?? 0} tokens of output`
        : `asked again with a smaller history (level ${shrink.level})`;
    case "repair":
      return "asked again with the conversation in its strictest form";
    case "switch":
      return "another route is asked";
    case "fail":
      return "nothing more is tried";
    case "stop":
      return "the run was stopped";
    default:
      return unreachable(answer, "done");
  }
}
