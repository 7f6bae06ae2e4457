import { seedFrom } from "../../std/random.ts";
import type { AnswerFrame } from "./dialect.ts";

/** Follows from the run and the length of the conversation: asked again, it is the same. */
export function answerId(prefix: string, frame: AnswerFrame): string {
  const run = seedFrom(frame.runKey).toString(16).padStart(8, "0");
  return `${prefix}simulated-${run}-${frame.request.messages.length}`;
}
