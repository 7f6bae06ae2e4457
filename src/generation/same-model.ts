/**
 * Whether the model that answered is the one that was asked. Providers answer with a dated name
 * for an alias (`gpt-5.2` → `gpt-5.2-2025-12-11`) and with or without a maker's prefix.
 */
export function isSameModel(asked: string, answered: string): boolean {
  const want = plain(asked);
  const got = plain(answered);
  if (want === got) return true;
  // A dated or numbered version of the alias, in either direction, and no other name.
  const [short, long] = want.length < got.length ? [want, got] : [got, want];
  return long.startsWith(short) && VERSION.test(long.slice(short.length));
}

/**
 * What may follow an alias: a date, `latest`, `preview`, a build number. A few of them: the name is
 * the provider's, and one of many digits could be taken apart in more ways than there is time for.
 */
const VERSION =
  /^(?:[-@:._]?(?:\d{3,8}|v\d{1,8}|latest|preview|exp|\d{4}-\d{2}-\d{2}|\d{2}-\d{2,4})){1,4}$/;

function plain(name: string): string {
  const last = name.slice(name.lastIndexOf("/") + 1);
  return last.trim().toLowerCase();
}
