/** Prints "N passed, N failed" from vitest's JSON report, and fails when nothing passed. */
import { readFileSync } from "node:fs";

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly testResults: readonly {
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

const [reportPath = "", testsExit = "0"] = process.argv.slice(2);
const report = readReport(reportPath);

// A file that does not load has no failed test, yet it is a failure.
const unloaded = report.testResults.filter(
  ({ status, assertionResults }) =>
    status === "failed" && assertionResults.every((result) => result.status !== "failed"),
).length;
const counted = report.numFailedTests + unloaded;
// So is a run that failed for another reason, such as an error after the last test.
const failed = counted === 0 && testsExit !== "0" ? 1 : counted;

if (report.numPendingTests > 0) console.log(`${report.numPendingTests} skipped`);
console.log(`${report.numPassedTests} passed, ${failed} failed`);
if (failed > 0 || report.numPassedTests === 0) process.exit(1);

function readReport(path: string): Report {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    console.error(`No test report at ${path}: ${String(cause)}`);
    return { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, testResults: [] };
  }
}
