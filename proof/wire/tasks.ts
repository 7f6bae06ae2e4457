import type { Domain } from "../tau/data.ts";
import type { Task } from "../tau/task.ts";

/** Handing over to a person changes no database: such a task has nothing to apply twice. */
const HAND_OVER = "transfer_to_human_agents";

/** The tasks whose reference solution writes to the database. */
export function writeTasks(domain: Domain): readonly Task[] {
  const writes = new Set(
    domain.tools
      .filter(({ effect, name }) => effect === "write" && name !== HAND_OVER)
      .map(({ name }) => name),
  );
  return domain.tasks.filter(({ actions }) => actions.some(({ name }) => writes.has(name)));
}
