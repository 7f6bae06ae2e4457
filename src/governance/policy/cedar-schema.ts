/** The vocabulary as Cedar's own schema, which its validator holds every policy against. */
import type { SchemaJson } from "@cedar-policy/cedar-wasm/nodejs";
import type { RecordShape, Shape } from "./shape.ts";
import {
  actionGroups,
  MODEL_TYPE,
  TOOL_TYPE,
  USER_TYPE,
  type ActionWords,
  type Vocabulary,
} from "./vocabulary.ts";

type Schema = SchemaJson<string>;
type Namespace = Schema[string];
type Attributes = { [name: string]: CedarType & { required?: boolean } };
type CedarType =
  | { type: "String" | "Long" | "Boolean" }
  | { type: "Set"; element: CedarType }
  | RecordType;

interface RecordType {
  type: "Record";
  attributes: Attributes;
}

const STRING: CedarType = { type: "String" };
const BOOL: CedarType = { type: "Boolean" };
const STRINGS: CedarType = { type: "Set", element: STRING };

/** `tallies` are the names that `context.past` holds. */
export function cedarSchema(vocabulary: Vocabulary, tallies: readonly string[]): Schema {
  const all = [...vocabulary.tools.values(), vocabulary.model];
  const past = tallies.map((name) => [name, { type: "Long" }] as const);
  const shared: Attributes = {
    past: record(Object.fromEntries(past)),
    facts: recordType(vocabulary.facts),
    untrusted: BOOL,
    doubtful: STRINGS,
    approved: BOOL,
    agent: STRING,
    tenant: STRING,
  };
  const user = { id: STRING, tenant: STRING, roles: STRINGS, kind: STRING };
  const entityTypes: Namespace["entityTypes"] = {
    [USER_TYPE]: { shape: record(user) },
    [TOOL_TYPE]: {},
    [MODEL_TYPE]: {},
  };
  const actions: Namespace["actions"] = {};
  for (const group of actionGroups) actions[group] = {};
  const schema: Schema = { "": { entityTypes, actions } };
  for (const words of all) {
    if (words.attributes !== null) addType(schema, words, words.attributes);
    const input = words.input === null ? {} : { input: recordType(words.input) };
    actions[words.id] = {
      memberOf: words.groups.map((id) => ({ id })),
      appliesTo: {
        principalTypes: [USER_TYPE],
        resourceTypes: [words.resourceType],
        context: record({ ...shared, ...input }),
      },
    };
  }
  return schema;
}

/** `Shop::Order` is the type Order of the namespace Shop. */
function addType(schema: Schema, words: ActionWords, attributes: RecordShape): void {
  const steps = words.resourceType.split("::");
  const name = steps.pop() ?? "";
  const namespace = (schema[steps.join("::")] ??= { entityTypes: {}, actions: {} });
  const shape = recordType(attributes);
  shape.attributes["tenant"] = STRING;
  namespace.entityTypes[name] = { shape };
}

function record(attributes: Attributes): RecordType {
  return { type: "Record", attributes };
}

function recordType(shape: RecordShape): RecordType {
  const members = shape.members.map(({ name, shape: inner, isRequired }) => [
    name,
    { ...typeOf(inner), required: isRequired },
  ]);
  return record(Object.fromEntries(members));
}

function typeOf(shape: Shape): CedarType {
  switch (shape.kind) {
    case "string":
      return STRING;
    case "bool":
      return BOOL;
    case "long":
    case "micros":
      return { type: "Long" };
    case "set":
      return { type: "Set", element: typeOf(shape.element) };
    case "record":
    default:
      return recordType(shape);
  }
}
