/** Rules that every set carries, whatever its files say. */
import { assert } from "../../std/assert.ts";
import type { Cedar } from "./cedar.ts";
import { BUILT_IN_PREFIX } from "./file.ts";
import { actionRef } from "./request.ts";
import { MODEL_ACTION } from "./vocabulary.ts";
import { readRule, type ActionScope, type Rule } from "./rule.ts";

const CROSS_TENANT = `@id("${BUILT_IN_PREFIX}cross-tenant")
@reason("it belongs to another tenant")
forbid (principal, action, resource)
when { resource has tenant && resource.tenant != "" && resource.tenant != principal.tenant };`;

const MODELS = `@id("${BUILT_IN_PREFIX}models")
permit (principal, action == Action::"model", resource);`;

/**
 * One tenant's users never reach what another tenant owns. Models may be asked as long as no rule
 * permits some of them: a set that only speaks of tools must not silence every agent.
 */
export function builtInRules(cedar: Cedar, rules: readonly Rule[]): readonly Rule[] {
  const speaksOfModels = rules.some(
    ({ effect, action, isDraft }) => effect === "permit" && !isDraft && namesModels(action),
  );
  const texts = speaksOfModels ? [CROSS_TENANT] : [CROSS_TENANT, MODELS];
  return texts.map((text) => {
    const answer = cedar.policyToJson(text);
    assert(answer.type === "success", "the built-in policies are Cedar");
    const id = answer.json.annotations?.["id"] ?? "";
    const place = { text, file: "", line: 0, isDraft: false, isBuiltIn: true };
    return readRule(answer.json, { ...place, id });
  });
}

function namesModels(scope: ActionScope): boolean {
  if (scope.kind === "any") return false;
  const named = scope.kind === "equals" ? [scope.entity] : scope.entities;
  return named.some(({ key }) => key === actionRef(MODEL_ACTION).key);
}
