import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { textsOf } from "../../src/testing/sample-run.ts";
import { program } from "./child.ts";
import { makeFolder, openJournal } from "./folder.ts";

interface Filled {
  readonly code: string;
  readonly acked: number;
  readonly readable: number;
  readonly after: string;
}

function run(command: string, args: readonly string[]): Filled {
  const ran = spawnSync(command, args, { encoding: "utf8" });
  expect(ran.stderr).toBe("");
  expect(ran.status).toBe(0);
  const filled: Filled = JSON.parse(ran.stdout);
  return filled;
}

/** A file system of 4 MB in a namespace of its own, for root and for users who may make one. */
const IN_TMPFS = 'mount -t tmpfs -o size=4m none "$1" && shift && exec "$@"';
const unshare = ["--user", "--map-root-user", "--mount", "sh", "-c", IN_TMPFS, "sh"];

describe("a disk that takes no more", () => {
  test("refuses a write by name, keeps what it had, and is written again when there is room", ({
    skip,
  }) => {
    const folder = makeFolder();
    const probe = spawnSync("unshare", [...unshare, folder, "true"]);
    skip(probe.status !== 0, "this machine lets nobody mount a small file system");
    const [path, ballast] = [join(folder, "journal.db"), join(folder, "ballast")];
    const fill = [process.execPath, program("fill"), path, ballast];
    const filled = run("unshare", [...unshare, folder, ...fill]);
    expect(filled.code).toBe("store_full");
    expect(filled.acked).toBeGreaterThan(10);
    expect(filled.readable).toBe(filled.acked);
    expect(filled.after).toBe("sound");
  });

  test("is told from a limit on the size of files, and what was written stays", async () => {
    const path = join(makeFolder(), "journal.db");
    const limited = 'ulimit -f 1500 && exec "$@"';
    const filled = run("bash", ["-c", limited, "bash", process.execPath, program("fill"), path]);
    expect(filled.code).toBe("store_full");
    expect(filled.acked).toBeGreaterThan(10);
    expect(filled.readable).toBe(filled.acked);
    const journal = openJournal(path);
    expect(await textsOf(journal, "r1")).toHaveLength(filled.acked);
    expect(await journal.integrity()).toMatchObject({ ok: true, problems: [] });
  });
});
