/** The nearest known names to a misspelt one, best first, at most three, possibly none. */
export function nearNames(wanted: string, known: readonly string[]): string[] {
  const limit = Math.max(2, Math.floor(wanted.length / 3));
  return known
    .map((name) => ({ name, distance: distance(wanted.toLowerCase(), name.toLowerCase()) }))
    .filter((row) => row.distance <= limit || row.name.toLowerCase().includes(wanted.toLowerCase()))
    .toSorted((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
    .slice(0, 3)
    .map((row) => row.name);
}

/** "Did you mean …?" or the list of what exists, for an error's hint. */
export function didYouMean(wanted: string, known: readonly string[]): string {
  if (known.length === 0) return "None is defined.";
  const near = nearNames(wanted, known);
  const shown = near.length > 0 ? near : known.slice(0, 10);
  const names = shown.map((name) => `"${name}"`).join(", ");
  return near.length > 0 ? `Did you mean ${names}?` : `Known: ${names}.`;
}

/** Levenshtein distance by rows. */
function distance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min((row[j - 1] ?? 0) + 1, (previous[j] ?? 0) + 1, substitution));
    }
    previous = row;
  }
  return previous[b.length] ?? 0;
}
