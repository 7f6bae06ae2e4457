import type { ModelFault } from "../../journal/model-fault.ts";
import { classifyFault as old } from "../fault.ts";
import type { ModelAnswer } from "../model.ts";

export interface FaultSource {
  readonly thrown: unknown;
  readonly now: number;
  readonly arrived?: "nothing" | "text" | "arguments";
}

export function classifyFault({ thrown, arrived }: FaultSource): ModelFault {
  const { message, status, kind } = old(thrown, { aborted: false });
  const told = { message, ...(status === undefined ? {} : { status }) };
  if (arrived !== undefined) return { kind: "stream_broken", after: arrived, ...told };
  if (kind === "transient") return { kind: "unavailable", ...told };
  return { kind: "unknown", ...told };
}

export function faultOfFinish(answer: ModelAnswer): ModelFault | null {
  return answer.finish === "error" ? { kind: "malformed", message: "error finish" } : null;
}
