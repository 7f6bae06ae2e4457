/** An answer that has less room than this is cut off before it says anything, in tokens. */
const OUTPUT_MIN = 256;

/** What a provider said about an overflow, and what was asked of it. */
export interface Overflow {
  readonly tokens?: number;
  readonly tokensMax?: number;
  /** The output that the refused request reserved, where it named one. */
  readonly maxOutputTokens?: number;
}

/**
 * The largest output that may fit after an overflow, in tokens; null when only a smaller prompt
 * can help. Providers count in two ways: the prompt alone, or the prompt and the reserved output.
 * A count over the limit is read as the second where that leaves room. Who is refused again with
 * this output has a prompt that is too large by itself: shrink it, and do not ask this a second
 * time.
 */
export function fitOutput({ tokens, tokensMax, maxOutputTokens }: Overflow): number | null {
  if (tokens === undefined || tokensMax === undefined) return null;
  // Nothing asked for: a provider's own default was reserved, and a total cannot be taken apart.
  const reserved = maxOutputTokens ?? 0;
  const promptTokens = tokens > tokensMax ? tokens - reserved : tokens;
  const room = tokensMax - promptTokens;
  // A prompt has tokens; and an output as large as the refused one would be the same request.
  const isSmaller = maxOutputTokens === undefined || room < maxOutputTokens;
  return promptTokens > 0 && isSmaller && room >= OUTPUT_MIN ? room : null;
}
