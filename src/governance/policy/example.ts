/**
 * A file's examples, run against the whole set. A set whose examples fail is not armed: reference
 * policies of the field have been found inverted, and nothing but an example would have told.
 */
import { isJsonObject, type Json, type JsonObject } from "../../std/json.ts";
import { didYouMean } from "../../std/suggest.ts";
import type { Example } from "./directive.ts";
import { faultAt, type PolicyFault } from "./fault.ts";
import type { PolicyFile } from "./file.ts";
import type { PolicyRequest, Reading, RequestResource } from "./request.ts";
import { readRequest } from "./request.ts";
import type { Rule } from "./rule.ts";
import type { PolicyAnswer } from "./verdict.ts";

/** The user of an example that names none. */
const someone = { id: "user-1", tenant: "tenant-1", kind: "user" } as const;

/** The request an example stands for, or what is wrong with it. */
export function exampleRequest(
  example: Example,
  setting: { readonly reading: Reading; readonly agent: string },
): PolicyRequest | PolicyFault {
  const { reading, agent } = setting;
  const tenant = textOr(example.user["tenant"], someone.tenant);
  const roles = example.user["roles"];
  const shared = {
    agent,
    principal: {
      id: textOr(example.user["id"], someone.id),
      tenant,
      roles: Array.isArray(roles) ? roles.map(String) : [],
      kind: textOr(example.user["kind"], someone.kind),
    },
    labels: { untrusted: example.untrusted, doubtful: example.doubtful },
    facts: example.facts,
    approved: example.approved,
  };
  const strange = strangeMember(example, reading);
  if (strange !== null) return strange;
  const zeros = reading.tallies.map((name) => [name, 0] as const);
  const given = Object.entries(example.tallies).map(([name, value]) => [name, Number(value)]);
  const tallies: Record<string, number> = Object.fromEntries([...zeros, ...given]);
  const request: PolicyRequest =
    example.model === null
      ? callOf(example, { ...shared, tallies }, reading)
      : { ...shared, tallies, kind: "model", model: example.model };
  const ask = readRequest(request, reading);
  if (!("misfit" in ask)) return request;
  const hint = "An example is a call that could happen: give it what the tool's schema asks for.";
  return faultAt(example, `the example is no possible call: ${ask.misfit}`, hint);
}

type Shared = Omit<Extract<PolicyRequest, { kind: "model" }>, "kind" | "model">;

function callOf(example: Example, shared: Shared, { vocabulary }: Reading): PolicyRequest {
  const tool = example.tool ?? "";
  const words = vocabulary.tools.get(tool);
  const resource =
    example.resource === null
      ? null
      : resourceOf(example.resource, {
          type: words?.resourceType ?? "",
          tenant: shared.principal.tenant,
        });
  return { ...shared, kind: "call", tool, input: example.input, resource };
}

/** Of the tool's own type and the user's tenant unless the example says otherwise. */
function resourceOf(
  given: JsonObject,
  otherwise: { readonly type: string; readonly tenant: string },
): RequestResource {
  const { id, type, tenant, attributes } = given;
  return {
    type: textOr(type, otherwise.type),
    id: textOr(id, "resource-1"),
    tenant: typeof tenant === "string" ? tenant : otherwise.tenant,
    attributes: isJsonObject(attributes) ? attributes : {},
  };
}

const MEMBERS = {
  user: ["id", "tenant", "roles", "kind"],
  resource: ["type", "id", "tenant", "attributes"],
} as const;

/** A member nobody reads would test nothing. */
function strangeMember(example: Example, { tallies, vocabulary }: Reading): PolicyFault | null {
  const known: Readonly<Record<string, readonly string[]>> = {
    ...MEMBERS,
    tallies,
    facts: vocabulary.facts.members.map(({ source }) => source),
  };
  const given = { ...example, resource: example.resource ?? {} };
  for (const part of ["user", "resource", "tallies", "facts"] as const) {
    const names = known[part] ?? [];
    const strange = Object.keys(given[part]).find((name) => !names.includes(name));
    if (strange === undefined) continue;
    return faultAt(example, `the example's ${part} has "${strange}"`, didYouMean(strange, names));
  }
  const { tool } = example;
  if (tool === null || vocabulary.tools.has(tool)) return null;
  const hint = didYouMean(tool, [...vocabulary.tools.keys()]);
  return faultAt(example, `the example calls "${tool}", which is no tool`, hint);
}

function textOr(value: Json | undefined, otherwise: string): string {
  return typeof value === "string" ? value : otherwise;
}

/** Null when the answer is the one the example gives. */
export function judgeExample(example: Example, answer: PolicyAnswer): PolicyFault | null {
  const { verdict, rules, reason } = answer;
  const by = rules.length === 0 ? reason : rules.map((id) => `"${id}"`).join(", ");
  const decided = `${verdict}${by === "" ? "" : ` by ${by}`}`;
  if (verdict !== example.expected) {
    const hint = "Mend the policies, or the example if it is the one that is wrong.";
    return faultAt(example, `the example says ${example.expected}, but it is ${decided}`, hint);
  }
  if (answer.errors.length > 0 && example.by === null) {
    const hint = 'If that is what it shows, name the rule: "by". Otherwise mend the rule.';
    return faultAt(example, `the example is denied by an error: ${reason}`, hint);
  }
  if (example.by === null || rules.includes(example.by)) return null;
  const hint = "Another rule got there first: make the example about the one rule it names.";
  return faultAt(example, `the example says by "${example.by}", but it is ${decided}`, hint);
}

/** What a file must show before its rules are armed. */
export function missingExamples(file: PolicyFile): readonly PolicyFault[] {
  const { isDraft, examples } = file.directives;
  if (isDraft || file.rules.length === 0) return [];
  const isMissing = (fits: (example: Example) => boolean): boolean => !examples.some(fits);
  const place = { file: file.name, line: 0 };
  const faults: PolicyFault[] = [];
  if (isMissing(({ expected }) => expected === "allow")) {
    const hint = 'Add a line: //@ allow {"tool": "…", "input": {…}}';
    faults.push(faultAt(place, "it has no example of what is allowed", hint));
  }
  if (isMissing(({ expected }) => expected !== "allow")) {
    const hint = 'Add a line: //@ deny {"tool": "…", "input": {…}}';
    faults.push(faultAt(place, "it has no example of what is denied or asked", hint));
  }
  return faults;
}

/** Rules no example was decided by: nothing shows that they do what they are for. */
export function unexercised(
  rules: readonly Rule[],
  decided: ReadonlySet<string>,
): readonly PolicyFault[] {
  return rules
    .filter(({ id, isDraft, isBuiltIn }) => !isDraft && !isBuiltIn && !decided.has(id))
    .map(({ id, file, line }) => {
      const hint = "Add an example that it decides, or take the rule out.";
      return faultAt({ file, line, rule: id }, `"${id}" never matches an example`, hint);
    });
}
