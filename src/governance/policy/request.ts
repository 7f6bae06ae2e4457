/** What is asked of the policies, as the harness says it and as they see it. */
import type { Json, JsonObject } from "../../std/json.ts";
import { Misfit, readLong, readRecord, readString } from "./shape.ts";
import {
  entityRef,
  recordValue,
  setValue,
  type EntityRef,
  type RecordValue,
  type Value,
} from "./value.ts";
import {
  MODEL_TYPE,
  TOOL_TYPE,
  USER_TYPE,
  type ActionWords,
  type Vocabulary,
} from "./vocabulary.ts";

export type PolicyRequest = CallRequest | ModelRequest;

interface AnyRequest {
  readonly agent: string;
  readonly principal: PolicyPrincipal;
  readonly labels: {
    /** Something untrusted was read before. */
    readonly untrusted: boolean;
    /** Paths of sensitive arguments whose value nobody trusted gave. */
    readonly doubtful: readonly string[];
  };
  /** By the names the set asks for in `tallies`; each must be there. */
  readonly tallies: Readonly<Record<string, number>>;
  readonly facts: JsonObject;
  /** A person has said yes to this very call. */
  readonly approved: boolean;
}

export interface CallRequest extends AnyRequest {
  readonly kind: "call";
  readonly tool: string;
  readonly input: Json;
  /** What the call acts on; null for a tool that declares no resource. */
  readonly resource: RequestResource | null;
}

export interface ModelRequest extends AnyRequest {
  readonly kind: "model";
  /** `provider/id` */
  readonly model: string;
}

export interface PolicyPrincipal {
  readonly id: string;
  readonly tenant: string;
  readonly roles: readonly string[];
  readonly kind: string;
}

export interface RequestResource {
  readonly type: string;
  readonly id: string;
  readonly tenant?: string;
  readonly attributes: JsonObject;
}

/** An entity with what is known of it. */
export interface Known {
  readonly ref: EntityRef;
  readonly attributes: ReadonlyMap<string, Value>;
  readonly tags: ReadonlyMap<string, Value>;
  /** Keys of everything it lies in, however far up. */
  readonly ancestors: ReadonlySet<string>;
}

/** A request in Cedar's values. */
export interface Ask {
  readonly principal: Known;
  readonly action: Known;
  readonly resource: Known;
  readonly context: RecordValue;
  /** Everything else that is known, by key. */
  readonly others: ReadonlyMap<string, Known>;
}

const nothing: ReadonlyMap<string, never> = new Map<string, never>();
const nowhere: ReadonlySet<string> = new Set<string>();

/** What a request is read by. */
export interface Reading {
  readonly vocabulary: Vocabulary;
  readonly tallies: readonly string[];
  /** Attribute names some policy mentions. */
  readonly mentioned: ReadonlySet<string>;
  readonly actions: ReadonlyMap<string, Known>;
}

/** Every action as an entity in its groups, made once. */
export function knownActions({ tools, model }: Vocabulary): ReadonlyMap<string, Known> {
  const known = new Map<string, Known>();
  for (const { id, groups } of [...tools.values(), model]) {
    const ancestors = new Set(groups.map((group) => actionRef(group).key));
    known.set(id, { ref: actionRef(id), attributes: nothing, tags: nothing, ancestors });
  }
  return known;
}

export function actionRef(id: string): EntityRef {
  return entityRef("Action", id);
}

/** The request as policies see it, or why they cannot: `money/number out of range …`. */
export function readRequest(request: PolicyRequest, reading: Reading): Ask | { misfit: string } {
  try {
    return readAsk(request, reading);
  } catch (thrown) {
    if (thrown instanceof Misfit) return { misfit: thrown.message };
    throw thrown;
  }
}

function readAsk(request: PolicyRequest, reading: Reading): Ask {
  const words = wordsOf(request, reading.vocabulary);
  const action = reading.actions.get(words.id);
  if (action === undefined) throw new Misfit(`the action ${words.id} is not known here`);
  const members = new Map<string, Value>();
  if (request.kind === "call" && words.input !== null) {
    members.set("input", readRecord(words.input, request.input, reading.mentioned));
  }
  members.set("past", readTallies(request, reading.tallies));
  members.set("facts", readRecord(reading.vocabulary.facts, request.facts, reading.mentioned));
  members.set("untrusted", request.labels.untrusted);
  members.set("doubtful", readTexts(request.labels.doubtful, "labels.doubtful"));
  members.set("approved", request.approved);
  members.set("agent", readString(request.agent, "agent"));
  members.set("tenant", readString(request.principal.tenant, "principal.tenant"));
  return {
    principal: readPrincipal(request.principal),
    action,
    resource: readResource(request, words, reading.mentioned),
    context: { kind: "record", members },
    others: nothing,
  };
}

function wordsOf(request: PolicyRequest, vocabulary: Vocabulary): ActionWords {
  if (request.kind === "model") return vocabulary.model;
  const words = vocabulary.tools.get(request.tool);
  if (words === undefined) throw new Misfit(`the policies know no tool "${request.tool}"`);
  return words;
}

function readTallies(request: PolicyRequest, names: readonly string[]): RecordValue {
  return recordValue(
    names.map((name) => {
      const value = Object.hasOwn(request.tallies, name) ? request.tallies[name] : undefined;
      if (value === undefined) throw new Misfit(`the tally ${name} was not counted`);
      return [name, readLong(value, `tallies.${name}`)];
    }),
  );
}

function readTexts(texts: readonly string[], path: string): Value {
  return setValue(texts.map((text) => readString(text, path)));
}

/** `User::"tenant/id"`; a slash in the tenant's name is written %2F, so no two users are one. */
export function userRef(tenant: string, id: string): EntityRef {
  const name = /[%/]/.test(tenant) ? tenant.replaceAll("%", "%25").replaceAll("/", "%2F") : tenant;
  return entityRef(USER_TYPE, `${name}/${id}`);
}

function readPrincipal({ id, tenant, roles, kind }: PolicyPrincipal): Known {
  const attributes = new Map<string, Value>([
    ["id", readString(id, "principal.id")],
    ["tenant", tenant],
    ["roles", readTexts(roles, "principal.roles")],
    ["kind", readString(kind, "principal.kind")],
  ]);
  return { ref: userRef(tenant, id), attributes, tags: nothing, ancestors: nowhere };
}

/** A rule over a resource must not be passed by because nobody named one. */
function readResource(
  request: PolicyRequest,
  words: ActionWords,
  mentioned: ReadonlySet<string>,
): Known {
  if (request.kind === "model") return plain(MODEL_TYPE, readString(request.model, "model"));
  const { resource } = request;
  if (words.attributes === null) {
    if (resource === null || resource.type === TOOL_TYPE) return plain(TOOL_TYPE, request.tool);
    throw new Misfit(`${request.tool} declares no resource, but a ${resource.type} was named`);
  }
  if (resource === null) throw new Misfit(`${request.tool} names no ${words.resourceType}`);
  if (resource.type !== words.resourceType) {
    throw new Misfit(`${request.tool} acts on ${words.resourceType}, not on ${resource.type}`);
  }
  const { members } = readRecord(words.attributes, resource.attributes, mentioned);
  const attributes = new Map(members);
  attributes.set("tenant", readString(resource.tenant ?? "", "resource.tenant"));
  const ref = entityRef(resource.type, readString(resource.id, "resource.id"));
  return { ref, attributes, tags: nothing, ancestors: nowhere };
}

function plain(type: string, id: string): Known {
  return { ref: entityRef(type, id), attributes: nothing, tags: nothing, ancestors: nowhere };
}
