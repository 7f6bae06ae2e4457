/**
 * Any way to say what a tool accepts, turned into JSON Schema plus a check that really runs:
 * Standard Schema with JSON Schema (Zod 4.2 and others), the AI SDK's `jsonSchema()`, plain JSON
 * Schema. JSON Schema is always enforced with ajv, also where the AI SDK would not.
 */
import type { Ajv } from "ajv";
import { BridleError, errorMessage } from "../std/error.ts";
import { isJsonObject, parseJson, canonicalJson, type Json, type JsonObject } from "../std/json.ts";

export interface Problem {
  /** JSON pointer into the input, "" for the whole. */
  readonly path: string;
  readonly message: string;
}

export type Checked =
  | { readonly ok: true; readonly value: Json }
  | {
      readonly ok: false;
      readonly problems: readonly Problem[];
      /** The schema's own code says so, in words that it may have from anywhere. */
      readonly isOwn?: true;
    };

export interface InputSchema {
  readonly jsonSchema: JsonObject;
  /** Validates and fills in defaults. The value given is not changed. */
  check(value: Json): Checked | Promise<Checked>;
}

/** At most this many problems are reported: the model needs the fix, not the flood. */
const PROBLEMS_MAX = 8;

/** `where` names the tool or agent in errors. Throws `tool_invalid` with the next step. */
export async function readSchema(given: unknown, where: string): Promise<InputSchema> {
  const standard = standardOf(given);
  const lazy: unknown = standard === undefined && typeof given === "function" ? given() : given;
  const jsonSchema = await jsonSchemaOf(lazy, standard, where);
  const ajvCheck = await compile(jsonSchema, where);
  const own = standard === undefined ? validatorOf(lazy) : standardValidator(standard);
  if (own === undefined) return { jsonSchema, check: ajvCheck };
  return {
    jsonSchema,
    check: (value) => {
      const checked = ajvCheck(value);
      return checked.ok ? checkOwn(own, value) : checked;
    },
  };
}

/** A library's own check: it knows refinements and transforms that JSON Schema does not. */
type Validate = (value: unknown) => Checked | Promise<Checked>;

async function checkOwn(validate: Validate, value: Json): Promise<Checked> {
  try {
    const checked = await validate(value);
    return checked.ok ? checked : { ...checked, isOwn: true };
  } catch (thrown) {
    const message = `the schema's own check failed: ${errorMessage(thrown)}`;
    return { ok: false, problems: [{ path: "", message }], isOwn: true };
  }
}

/** The AI SDK's `Schema` may carry a check of its own (`zodSchema` does). */
function validatorOf(given: unknown): Validate | undefined {
  if (typeof given !== "object" || given === null || !("jsonSchema" in given)) return undefined;
  const validate: unknown = "validate" in given ? given.validate : undefined;
  if (typeof validate !== "function") return undefined;
  return async (value) => {
    const result: unknown = await validate(value);
    if (typeof result !== "object" || result === null || !("success" in result)) {
      return { ok: false, problems: [{ path: "", message: "the schema gave no answer" }] };
    }
    if (result.success === true) return accepted("value" in result ? result.value : value);
    const error = "error" in result ? result.error : undefined;
    return { ok: false, problems: [{ path: "", message: errorMessage(error) }] };
  };
}

/** What a check made of the input: it must be JSON again, because the journal keeps it. */
function accepted(value: unknown): Checked {
  const parsed = parseJson(canonicalJson(value));
  return parsed.ok
    ? { ok: true, value: parsed.value }
    : { ok: false, problems: [{ path: "", message: parsed.reason }] };
}

interface StandardSchema {
  readonly validate: (value: unknown) => unknown;
  readonly jsonSchema?: { readonly input?: (options: { target: string }) => unknown };
}

/** The Standard Schema face of a schema library's object (standardschema.dev). */
function standardOf(given: unknown): StandardSchema | undefined {
  if ((typeof given !== "object" && typeof given !== "function") || given === null)
    return undefined;
  const face: unknown = "~standard" in given ? given["~standard"] : undefined;
  if (typeof face !== "object" || face === null || !("validate" in face)) return undefined;
  // The presence of `validate` under `~standard` is what makes an object a Standard Schema.
  return face as StandardSchema;
}

async function jsonSchemaOf(
  lazy: unknown,
  standard: StandardSchema | undefined,
  where: string,
): Promise<JsonObject> {
  const found = await foundSchema(lazy, standard).catch((thrown: unknown) => {
    throw new BridleError("tool_invalid", `${where}: its schema has no JSON Schema`, {
      hint: errorMessage(thrown),
      cause: thrown,
    });
  });
  const schema = found === undefined ? undefined : parseJson(canonicalJson(found));
  if (schema?.ok === true && isJsonObject(schema.value)) return schema.value;
  throw new BridleError("tool_invalid", `${where} has no input schema Bridle can read`, {
    hint: "Give a Zod 4.2 (or later) object, a JSON Schema object, or the AI SDK's jsonSchema().",
  });
}

async function foundSchema(lazy: unknown, standard: StandardSchema | undefined): Promise<unknown> {
  if (standard !== undefined) return standard.jsonSchema?.input?.({ target: "draft-2020-12" });
  // The AI SDK's Schema holds the JSON Schema as a value or a promise in `jsonSchema`.
  if (typeof lazy === "object" && lazy !== null && "jsonSchema" in lazy) return lazy.jsonSchema;
  return isJsonObject(lazy) && looksLikeSchema(lazy) ? lazy : undefined;
}

function looksLikeSchema(value: JsonObject): boolean {
  const marks = ["type", "properties", "$ref", "anyOf", "oneOf", "allOf", "$schema", "enum"];
  return marks.some((mark) => mark in value) || Object.keys(value).length === 0;
}

async function compile(schema: JsonObject, where: string): Promise<(value: Json) => Checked> {
  // Only defaults change the value that is checked; without any, nothing needs a copy.
  const fillsDefaults = canonicalJson(schema).includes('"default":');
  let failure: unknown;
  for (const dialect of dialectsOf(schema)) {
    const ajv = await newAjv(dialect);
    try {
      const validate = ajv.compile(schema);
      if ("$async" in validate) throw new Error("a schema with $async cannot be enforced");
      return (value) => {
        const copy = fillsDefaults ? structuredClone(value) : value;
        if (validate(copy)) return { ok: true, value: copy };
        const errors = validate.errors ?? [];
        return { ok: false, problems: errors.slice(0, PROBLEMS_MAX).map(describe) };
      };
    } catch (thrown) {
      failure ??= thrown;
    }
  }
  throw new BridleError("tool_invalid", `${where}: its JSON Schema is not valid`, {
    hint: `${errorMessage(failure)}. Bridle reads JSON Schema draft-07 and 2020-12.`,
    cause: failure,
  });
}

type Dialect = "2020-12" | "draft-07";

/** Loaded with the first tool, and only the dialect that is needed. */
async function newAjv(dialect: Dialect): Promise<Ajv> {
  const options = { allErrors: true, strict: false, useDefaults: true, logger: false } as const;
  const { default: addFormats } = await import("ajv-formats");
  const ajv =
    dialect === "draft-07"
      ? new (await import("ajv")).Ajv(options)
      : new (await import("ajv/dist/2020.js")).Ajv2020(options);
  addFormats.default(ajv);
  return ajv;
}

/** Keywords that mean something in 2020-12 only (json-schema.org, release notes). */
const NEWER =
  /"(prefixItems|unevaluated\w+|dependent\w+|\$dynamic\w+|\$anchor|minContains|maxContains)":/;

/**
 * A schema that names no dialect is read as the newer one when it uses a word of it. Otherwise
 * both read it alike, and the older one is cheaper to load.
 */
function dialectsOf(schema: JsonObject): readonly Dialect[] {
  const named = schema["$schema"];
  if (named === undefined) {
    const isNewer = NEWER.test(canonicalJson(schema));
    return isNewer ? ["2020-12", "draft-07"] : ["draft-07", "2020-12"];
  }
  return typeof named === "string" && named.includes("draft-07") ? ["draft-07"] : ["2020-12"];
}

interface AjvError {
  readonly instancePath: string;
  readonly keyword: string;
  readonly message?: string;
  readonly params: unknown;
}

function describe(error: AjvError): Problem {
  const params = isJsonObject(error.params) ? error.params : {};
  const message = error.message ?? error.keyword;
  switch (error.keyword) {
    case "additionalProperties":
      return {
        path: error.instancePath,
        message: `${message}: ${JSON.stringify(params["additionalProperty"])}`,
      };
    case "enum":
      return {
        path: error.instancePath,
        message: `${message}: ${JSON.stringify(params["allowedValues"])}`,
      };
    case "const":
      return {
        path: error.instancePath,
        message: `${message}: ${JSON.stringify(params["allowedValue"])}`,
      };
    default:
      return { path: error.instancePath, message };
  }
}

function standardValidator(standard: StandardSchema): Validate {
  return async (value) => {
    const result: unknown = await standard.validate(value);
    if (typeof result !== "object" || result === null) {
      return { ok: false, problems: [{ path: "", message: "the schema gave no answer" }] };
    }
    if ("issues" in result && Array.isArray(result.issues)) {
      return { ok: false, problems: result.issues.slice(0, PROBLEMS_MAX).map(issue) };
    }
    return accepted("value" in result ? result.value : value);
  };
}

function issue(raw: unknown): Problem {
  const found = typeof raw === "object" && raw !== null ? raw : {};
  const message = "message" in found ? String(found.message) : "invalid";
  const path: unknown = "path" in found ? found.path : undefined;
  const steps = Array.isArray(path) ? path.map(pathStep) : [];
  return { path: steps.map((step) => `/${step}`).join(""), message };
}

function pathStep(step: unknown): string {
  return String(typeof step === "object" && step !== null && "key" in step ? step.key : step);
}
