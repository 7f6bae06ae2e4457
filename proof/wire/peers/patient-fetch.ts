/**
 * A `fetch` that gives a silent request up in a way that a client takes for a broken connection,
 * and asks again. A client's own time limits end its whole run instead: these lines are what a
 * user of it adds.
 */
export function patientFetch(patienceMs: number, isWhole: boolean): typeof fetch {
  return async (input, init) => {
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), patienceMs);
    const signals = [late.signal, ...(init?.signal ? [init.signal] : [])];
    try {
      const response = await fetch(input, { ...init, signal: AbortSignal.any(signals) });
      return isWhole ? new Response(await response.arrayBuffer(), response) : response;
    } catch (thrown) {
      if (!late.signal.aborted) throw thrown;
      throw new TypeError("fetch failed", { cause: thrown });
    } finally {
      clearTimeout(timer);
    }
  };
}
