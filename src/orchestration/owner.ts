/**
 * Who holds a lease, in words that another process on the same machine can check: a dead owner's
 * runs are taken over at once, not when the lease runs out. A wrong guess is harmless: the fence
 * decides who writes.
 */
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { newId } from "../std/ids.ts";

/** `host/pid-namespace/pid/start/nonce`. */
export function thisOwner(nowMs: number): string {
  const { pid } = process;
  return [hostname(), pidNamespace(), pid, startTime(pid), newId(nowMs)].join("/");
}

/** True only when the owner is known to be dead: same machine, and the process is gone. */
export function isOwnerDead(owner: string): boolean {
  const [host, namespace, pidText, start] = owner.split("/");
  const pid = Number(pidText);
  if (host !== hostname() || namespace !== pidNamespace() || !Number.isSafeInteger(pid))
    return false;
  try {
    process.kill(pid, 0);
  } catch (thrown) {
    return thrown instanceof Error && "code" in thrown && thrown.code === "ESRCH";
  }
  // The number may have been given to another process since: its start time tells.
  return start !== "?" && startTime(pid) !== start;
}

/** Processes in two containers may share numbers; their namespace tells them apart. */
function pidNamespace(): string {
  try {
    return readlinkSync("/proc/self/ns/pid").replaceAll("/", "");
  } catch {
    return process.platform;
  }
}

/** Clock ticks after boot at which a process began (proc(5), field 22), or "?" off Linux. */
function startTime(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // A zombie still answers to signal 0 but writes nothing any more.
    return fields[0] === "Z" ? "zombie" : (fields[19] ?? "?");
  } catch {
    return "?";
  }
}
