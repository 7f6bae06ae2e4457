/** Calls that a run's intent forbids, held against the arguments before they run. */
import type { ForbiddenEffect } from "../journal/intent.ts";
import type { Json } from "../std/json.ts";
import { readSchema, type InputSchema } from "../tools/schema.ts";

/** Schemas of running runs, compiled once; they go with the run's own data. */
const compiled = new WeakMap<ForbiddenEffect, Promise<InputSchema>>();

/** The name of the first rule that forbids this call; null when none does. */
export async function forbiddenBy(
  forbidden: readonly ForbiddenEffect[],
  call: { readonly tool: string; readonly input: Json },
): Promise<string | null> {
  for (const each of forbidden) {
    if (each.tool !== call.tool) continue;
    if (each.input === undefined) return each.name;
    const schema = await schemaOf(each);
    if ((await schema.check(call.input)).ok) return each.name;
  }
  return null;
}

function schemaOf(forbidden: ForbiddenEffect): Promise<InputSchema> {
  const known = compiled.get(forbidden);
  if (known !== undefined) return known;
  const made = readSchema(forbidden.input, `The intent, forbidden "${forbidden.name}"`);
  compiled.set(forbidden, made);
  return made;
}
