/** What early releases of Node 24 say about parts of Node that this program is built on. */
const KNOWN = /^(SQLite|Type Stripping) is an experimental feature/;

/** Keeps those to itself; every other warning is printed as Node would. */
export function quietWarnings(): void {
  const listeners = process.listeners("warning");
  process.removeAllListeners("warning");
  process.on("warning", (warning) => {
    if (warning.name === "ExperimentalWarning" && KNOWN.test(warning.message)) return;
    for (const listener of listeners) listener(warning);
  });
}
