/** "850 ms", "12.3 s", "4 min 5 s", "2 h 3 min": for people, never for parsing back. */
export function formatDuration(ms: number): string {
  // Each unit ends where rounding would show one too many of it.
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  const minutes = Math.floor(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
