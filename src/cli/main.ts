#!/usr/bin/env node
/** `bridle`: parses the command line, runs one command, tells what went wrong, exits. */
import { exitCodes } from "./exit-code.ts";
import { failureOf, tellFailure } from "./failure.ts";
import { createOutput } from "./output.ts";
import { packageVersion } from "./package-root.ts";
import { createProgram } from "./program.ts";
import { quietWarnings } from "./warnings.ts";

/** The reader of the data has seen enough (`| head`): that is an end, not an error. */
function endWithReader(error: NodeJS.ErrnoException): void {
  const code = error.code === "EPIPE" ? exitCodes.ok : exitCodes.error;
  process.exit(process.exitCode ?? code);
}

/** Nobody watches the progress any more: the work goes on. */
function goOnUnwatched(): void {
  // Writing to a stream that is gone does nothing.
}

/** What a tool or a config threw beside every promise. The journal holds what happened. */
function endUnexpectedly(thrown: unknown): never {
  const failure = failureOf(thrown);
  if (failure !== undefined) tellFailure(createOutput(), failure, { isJson: isJson(), thrown });
  process.exit(exitCodes.error);
}

function isJson(): boolean {
  return process.argv.includes("--json");
}

async function runProgram(): Promise<number> {
  let code: number = exitCodes.ok;
  const program = createProgram(packageVersion(), (finished) => {
    code = finished;
  });
  try {
    await program.parseAsync();
    return code;
  } catch (thrown) {
    const failure = failureOf(thrown);
    if (failure === undefined) return exitCodes.ok;
    tellFailure(createOutput(), failure, { isJson: isJson(), thrown });
    return failure.exitCode;
  }
}

/** Resolves when everything written so far has left the process. */
function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.write("", () => resolve());
  });
}

/** A config that waits for ever leaves nothing to do: Node would end silently, with 0. */
function refuseSilence(): void {
  const message = "the command came to no end: something it waits for never happens";
  const hint = "Look for a top-level await in bridle.config.ts that is never settled.";
  tellFailure(
    createOutput(),
    { code: "unexpected", message, hint, exitCode: exitCodes.error },
    { isJson: isJson(), thrown: undefined },
  );
  process.exit(exitCodes.error);
}

quietWarnings();
process.stdout.on("error", endWithReader);
process.stderr.on("error", goOnUnwatched);
process.on("uncaughtException", endUnexpectedly);
process.on("beforeExit", refuseSilence);
const code = await runProgram();
await flushed(process.stdout);
await flushed(process.stderr);
// A config may hold connections open that nobody needs any more.
process.exit(code);
