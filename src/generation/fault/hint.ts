import type { ModelFault } from "../../journal/model-fault.ts";

export function faultHint(
  _fault: ModelFault,
  _about: { provider: string; modelId: string },
): string {
  return "Check the provider, the key and the address; then start the work again.";
}
