/** Tokens of one or more model calls. An absent member means the provider did not say. */
export interface Usage {
  readonly inputTokens?: number;
  /** Part of `inputTokens` served from the provider's cache. */
  readonly cachedInputTokens?: number;
  readonly outputTokens?: number;
  /** Part of `outputTokens` spent on reasoning. */
  readonly reasoningTokens?: number;
}

export const noUsage: Usage = {};

/** Member-wise sum; a member nobody reported stays absent. */
export function addUsage(a: Usage, b: Usage): Usage {
  const inputTokens = sum(a.inputTokens, b.inputTokens);
  const cachedInputTokens = sum(a.cachedInputTokens, b.cachedInputTokens);
  const outputTokens = sum(a.outputTokens, b.outputTokens);
  const reasoningTokens = sum(a.reasoningTokens, b.reasoningTokens);
  return {
    ...(cachedInputTokens === undefined ? {} : { cachedInputTokens }),
    ...(inputTokens === undefined ? {} : { inputTokens }),
    ...(outputTokens === undefined ? {} : { outputTokens }),
    ...(reasoningTokens === undefined ? {} : { reasoningTokens }),
  };
}

function sum(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined && b === undefined ? undefined : (a ?? 0) + (b ?? 0);
}
