/** The project's own rules for asking a model again: whether they can work. */
import { checkModelRetry } from "../../generation/check-retry.ts";
import type { ModelRetry } from "../../generation/retry.ts";
import { errorMessage } from "../../std/error.ts";
import { failureOf } from "../failure.ts";
import { problem, type Finding } from "./finding.ts";

/** Empty: nothing is wrong with them. */
export function checkRetry(modelRetry: Partial<ModelRetry> | undefined): readonly Finding[] {
  if (modelRetry === undefined) return [];
  try {
    checkModelRetry(modelRetry);
    return [];
  } catch (thrown) {
    const { message, hint } = failureOf(thrown) ?? { message: errorMessage(thrown) };
    return [problem("modelRetry", message, hint === undefined ? {} : { hint })];
  }
}
