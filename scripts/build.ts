/** Compiles `src/` to `dist/`: plain `tsc`, no bundler, so a stack trace names the file it came from. */
import { spawnSync } from "node:child_process";
import { chmodSync, rmSync } from "node:fs";

rmSync("dist", { recursive: true, force: true });
const compiled = spawnSync("tsc", ["-p", "tsconfig.build.json"], { stdio: "inherit" });
if (compiled.status !== 0) process.exit(compiled.status ?? 1);
chmodSync("dist/cli/main.js", 0o755);
