import { join } from "node:path";
import { BridleError } from "../../src/std/error.ts";
import { isJsonObject, type Json } from "../../src/std/json.ts";
import { AIRLINE_TOOLS } from "./airline/tools.ts";
import { checkNames } from "./args.ts";
import type { Db, DomainName } from "./db.ts";
import { malformed, readObject } from "./files.ts";
import { isList } from "./shape.ts";
import { RETAIL_ADDED_SCHEMAS, RETAIL_TOOLS } from "./retail/tools.ts";
import type { Behaviour, DomainTool } from "./tool.ts";

/** The domain's tools in the order of the public schema file, those it lacks last. */
export function loadTools(domain: DomainName, dataRoot: string): readonly DomainTool[] {
  const path = join(dataRoot, "tau-bench/tool_defs.json");
  const schemas = readObject(path)[domain];
  if (!isList(schemas)) throw malformed(path);
  if (domain === "retail") {
    return [...schemas, ...RETAIL_ADDED_SCHEMAS].map((schema) =>
      bindTool(schema, RETAIL_TOOLS, (db) => (db.kind === "retail" ? db : undefined)),
    );
  }
  return schemas.map((schema) =>
    bindTool(schema, AIRLINE_TOOLS, (db) => (db.kind === "airline" ? db : undefined)),
  );
}

/** Joins a public schema to its behaviour. A schema without one means the data has moved on. */
function bindTool<D extends Db>(
  schema: Json,
  behaviours: Readonly<Record<string, Behaviour<D>>>,
  narrow: (db: Db) => D | undefined,
): DomainTool {
  const { name, description, parameters } = isJsonObject(schema) ? schema : {};
  const behaviour = typeof name === "string" ? behaviours[name] : undefined;
  if (
    behaviour === undefined ||
    typeof name !== "string" ||
    typeof description !== "string" ||
    !isJsonObject(parameters)
  ) {
    throw new BridleError(
      "usage",
      `No tool is known for the public schema ${JSON.stringify(name)}.`,
      {
        hint: "Use tau-bench at commit 59a200c.",
      },
    );
  }
  return {
    name,
    description,
    parameters,
    effect: behaviour.effect,
    run(db, args) {
      const own = narrow(db);
      if (own === undefined) {
        throw new BridleError("invariant_broken", `${name} was given the ${db.kind} database.`);
      }
      checkNames(parameters, args);
      return behaviour.run(own, args);
    },
  };
}
