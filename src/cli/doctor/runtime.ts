import { packageVersion } from "../package-root.ts";
import { ok, problem, type Finding } from "./finding.ts";

const NODE_MAJOR_MIN = 24;

export function checkRuntime(): readonly Finding[] {
  const { node, sqlite = "none" } = process.versions;
  const isEnough = Number(node.split(".")[0]) >= NODE_MAJOR_MIN;
  return [
    ok("bridle", packageVersion()),
    isEnough
      ? ok("node", node)
      : problem("node", `${node} is too old`, { hint: `Install Node ${NODE_MAJOR_MIN} or newer.` }),
    ok("sqlite", `${sqlite} (built into Node)`),
  ];
}
