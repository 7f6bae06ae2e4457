/** Runs the demo with the options in the first argument, as `bridle demo` does. */
import { runDemo } from "../../src/cli/demo/demo.ts";

const options: Parameters<typeof runDemo>[0] = JSON.parse(process.argv[2] ?? "{}");
process.exitCode = await runDemo(options);
