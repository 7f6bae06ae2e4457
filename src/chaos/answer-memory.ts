/** What reads answered before the last write: a replica that has not caught up. */
import { isSuccess, isWrite, type ToolAnswer, type ToolRequest } from "./tool-answer.ts";

const URLS_MAX = 1_000;
const BYTES_MAX = 64 * 1024 * 1024;
/** Of one URL: what it answers now, and what it answered before the last write. */
const KEPT_EACH = 2;

interface Kept {
  /** Writes that had been answered before this was read. */
  readonly writes: number;
  readonly answer: ToolAnswer;
}

export interface AnswerMemory {
  /** Takes note: of a write that it happened, of a read what the service said. */
  keep(request: ToolRequest, answer: ToolAnswer): void;
  /** What this read answered before the last write; undefined when nobody had asked. */
  staleFor(request: ToolRequest): ToolAnswer | undefined;
}

/** The least recently read URLs are forgotten first. */
export function answerMemory(): AnswerMemory {
  const byUrl = new Map<string, readonly Kept[]>();
  let bytes = 0;
  let writes = 0;
  const put = (url: string, kept: readonly Kept[]): void => {
    bytes += sizeOf(kept) - sizeOf(byUrl.get(url) ?? []);
    byUrl.delete(url);
    byUrl.set(url, kept);
    for (const [oldest, forgotten] of byUrl) {
      if (byUrl.size <= URLS_MAX && bytes <= BYTES_MAX) break;
      byUrl.delete(oldest);
      bytes -= sizeOf(forgotten);
    }
  };
  return {
    keep: (request, answer) => {
      if (!isSuccess(answer.status)) return;
      if (isWrite(request)) writes += 1;
      if (request.method !== "GET") return;
      const url = urlOf(request);
      const before = (byUrl.get(url) ?? []).filter((kept) => kept.writes < writes);
      put(url, [...before, { writes, answer }].slice(-KEPT_EACH));
    },
    staleFor: (request) =>
      byUrl.get(urlOf(request))?.findLast((kept) => kept.writes < writes)?.answer,
  };
}

/** One reader is never shown what another was answered. */
function urlOf({ target, headers }: ToolRequest): string {
  const { authorization = "", cookie = "", accept = "" } = headers;
  return JSON.stringify([target, authorization, cookie, accept]);
}

function sizeOf(kept: readonly Kept[]): number {
  return kept.reduce((sum, { answer }) => sum + answer.body.length, 0);
}
