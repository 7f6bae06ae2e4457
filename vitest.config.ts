import { availableParallelism } from "node:os";
import { defineConfig, type ViteUserConfig } from "vitest/config";

/** Where CI wants the results as JSON, besides what people read. */
const report = process.env.BRIDLE_TEST_REPORT;

const config: ViteUserConfig = defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // Tests open real databases, start servers and kill child processes: a process each.
    pool: "forks",
    // Much of a test is waiting: one worker on a machine of two processors leaves it idle.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: 30_000,
    hookTimeout: 30_000,
    teardownTimeout: 10_000,
    allowOnly: false,
    reporters: report === undefined ? ["default"] : ["default", ["json", { outputFile: report }]],
  },
});

export default config;
