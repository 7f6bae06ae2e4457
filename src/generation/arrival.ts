/**
 * That bytes arrive is told by the network to whoever waits for the answer, past the provider's
 * client: a client keeps to itself what says nothing, such as the comments and pings by which a
 * provider shows that a model still thinks. The request's own signal, which clients hand through,
 * is what the two ends know each other by.
 */
const waiting = new WeakMap<AbortSignal, () => void>();

/** `told` is called for every packet of a response to a request with this signal. */
export function onArrival(signal: AbortSignal, told: () => void): void {
  waiting.set(signal, told);
}

export function noteArrival(signal: AbortSignal | null | undefined): void {
  if (signal) waiting.get(signal)?.();
}
