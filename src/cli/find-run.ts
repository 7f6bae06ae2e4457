import type { JournalStore, RunRow } from "../journal/store.ts";
import { LIST_MAX } from "../journal/store-rules.ts";
import { BridleError } from "../std/error.ts";
import { didYouMean } from "../std/suggest.ts";

/** Ids are long: their beginning or their end is enough when only one run has it. */
export async function findRun(store: JournalStore, named: string): Promise<RunRow> {
  const exact = await store.get(named);
  if (exact !== undefined) return exact;
  const wanted = named.toLowerCase();
  const rows = await store.list({ newestFirst: true, limit: LIST_MAX });
  const found =
    wanted === ""
      ? []
      : rows.filter(({ runId }) => runId.startsWith(wanted) || runId.endsWith(wanted));
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  if (only !== undefined) throw ambiguous(named, found);
  throw new BridleError("run_unknown", `No run "${named}" in this journal`, {
    hint:
      rows.length === 0
        ? "It holds no run yet: start one with `bridle run AGENT`."
        : `${didYouMean(
            named,
            rows.map(({ runId }) => runId),
          )} List them with \`bridle runs\`.`,
  });
}

const CANDIDATES_MAX = 5;

function ambiguous(named: string, found: readonly RunRow[]): BridleError {
  const shown = found.slice(0, CANDIDATES_MAX).map(({ runId }) => runId);
  const more = found.length > shown.length ? `, and ${found.length - shown.length} more` : "";
  return new BridleError("run_ambiguous", `${found.length} runs match "${named}"`, {
    hint: `Write more of it: ${shown.join(", ")}${more}.`,
  });
}
