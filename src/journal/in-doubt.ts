/** Of which effects of a run nobody can say whether they happened. */
import type { InDoubt, OutcomeKind } from "./outcome.ts";
import type { RunState } from "./run.ts";

/**
 * Calls in doubt, and, where a run ends without success, failed calls whose effect may have
 * happened all the same: until then the model could make them again under their keys.
 */
export function effectsInDoubt(
  { doubts, retained }: Pick<RunState, "doubts" | "retained">,
  ending: OutcomeKind | null,
): readonly InDoubt[] {
  const open = doubts.map(({ callId, tool, input, idempotencyKey, why }): InDoubt => {
    return { callId, idempotencyKey, input, tool, why };
  });
  if (ending === null || ending === "succeeded") return open;
  const perhaps = retained.flatMap((kept): readonly InDoubt[] => {
    const { callId, tool, input, key: idempotencyKey } = kept;
    const why = "the tool failed and did not say that nothing happened";
    return kept.mayHaveHappened ? [{ callId, idempotencyKey, input, tool, why }] : [];
  });
  return [...open, ...perhaps];
}
