/**
 * Timers for waiting that nearly always ends before its time: starting and stopping one costs a
 * set's insert and delete, where a timer of the event loop costs a list and a heap. They fire up
 * to `TICK_MS` late.
 */

const TICK_MS = 10;

interface Waiting {
  readonly at: number;
  readonly fire: () => void;
}

const waiting = new Set<Waiting>();
let ticking: NodeJS.Timeout | undefined;

/** Calls `fire` once after about `ms`. The function returned stops that. */
export function afterAbout(ms: number, fire: () => void): () => void {
  const entry: Waiting = { at: performance.now() + ms, fire };
  waiting.add(entry);
  ticking ??= setInterval(tick, TICK_MS);
  return () => void waiting.delete(entry);
}

function tick(): void {
  const now = performance.now();
  for (const entry of waiting) {
    if (entry.at > now) continue;
    waiting.delete(entry);
    entry.fire();
  }
  if (waiting.size > 0) return;
  clearInterval(ticking);
  ticking = undefined;
}
