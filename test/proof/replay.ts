import type { Domain } from "../../proof/tau/data.ts";
import type { Db } from "../../proof/tau/db.ts";
import type { TaskAction } from "../../proof/tau/task.ts";
import { callTool, type ToolOutcome } from "../../proof/tau/tool.ts";

/** Makes one call by name. An unknown tool is a broken test, not an outcome. */
export function play(domain: Domain, db: Db, action: TaskAction): ToolOutcome {
  const tool = domain.tools.find((candidate) => candidate.name === action.name);
  if (tool === undefined) throw new Error(`no tool ${action.name}`);
  return callTool(tool, db, action.arguments);
}

/** The value inside a text result, or the text itself: key order and spaces do not count. */
export function valueOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
