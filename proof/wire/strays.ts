/** Rejections and exceptions that nobody handles, while something is played. */
import { errorMessage } from "../../src/std/error.ts";

interface Strays {
  /** What was seen so far, one sentence each, with where it was thrown. */
  readonly seen: readonly string[];
  stop(): void;
}

const FRAMES_MAX = 3;

/** While this watches, they are noted and end no process. */
function watchStrays(): Strays {
  const seen: string[] = [];
  const note = (thrown: unknown): void => void seen.push(describe(thrown));
  process.on("unhandledRejection", note);
  process.on("uncaughtException", note);
  return {
    seen,
    stop: () => {
      process.off("unhandledRejection", note);
      process.off("uncaughtException", note);
    },
  };
}

/** A rejection that nobody handles is told a turn after it happened. */
export async function withStrays<Value>(
  work: () => Promise<Value>,
): Promise<{ readonly value: Value; readonly strays: readonly string[] }> {
  const watching = watchStrays();
  try {
    const value = await work();
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    return { value, strays: watching.seen };
  } finally {
    watching.stop();
  }
}

const SETTLE_MS = 50;

function describe(thrown: unknown): string {
  const stack = thrown instanceof Error ? (thrown.stack ?? "") : "";
  const frames = stack.split("\n").slice(1, 1 + FRAMES_MAX);
  return [errorMessage(thrown), ...frames.map((frame) => frame.trim())].join(" ");
}
