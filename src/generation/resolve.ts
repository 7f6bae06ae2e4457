/** From a model reference to a model object. Provider packages are loaded only when named. */
import { createRequire } from "node:module";
import { join } from "node:path";
import { BridleError, errorMessage } from "../std/error.ts";
import { nearNames } from "../std/suggest.ts";
import { keyOf, providerKeys } from "./provider-key.ts";
import { wireFetch } from "./wire-fetch.ts";
import { hideSecret, redactKeys } from "./fault/redact.ts";
import type { CompatibleModel, LanguageModel, ModelReference } from "./model.ts";

const PROVIDER = /^[a-z][a-z0-9-]*$/;

/** Resolves once at start-up: a missing package, name or key is told before any run begins. */
export async function resolveModel(reference: ModelReference): Promise<LanguageModel> {
  if (typeof reference === "string") return loadNamed(reference);
  const isObject = typeof reference === "object" && reference !== null;
  if (isObject && isModel(reference)) return reference;
  if (isObject && "baseURL" in reference) return connectCompatible(reference);
  throw new BridleError("model_unknown", "That is not a language model", {
    hint: 'Give "provider/model", { baseURL, modelId }, or an AI SDK model object.',
  });
}

function isModel(reference: object): reference is LanguageModel {
  if (!("specificationVersion" in reference)) return false;
  const version = reference.specificationVersion;
  return version === "v2" || version === "v3" || version === "v4";
}

async function loadNamed(reference: string): Promise<LanguageModel> {
  const slash = reference.indexOf("/");
  const provider = reference.slice(0, slash);
  const modelId = reference.slice(slash + 1);
  if (slash < 1 || modelId === "" || !PROVIDER.test(provider)) {
    throw new BridleError("model_unknown", `"${reference}" does not name a model`, {
      hint: 'Write "provider/model", for example "openai/gpt-5.2".',
    });
  }
  const loaded = await importProvider(provider, modelId);
  const key = keyOf(provider);
  const isNeeded = key !== undefined && key.isOptional !== true;
  if (isNeeded && (process.env[key.variable] ?? "") === "") {
    throw new BridleError("model_key_missing", `${reference} needs a key`, {
      hint: `Set the environment variable ${key.variable}; you get a key at ${key.page}.`,
    });
  }
  return providerOf(loaded, provider)(modelId);
}

async function importProvider(provider: string, modelId: string): Promise<object> {
  const name = `@ai-sdk/${provider}`;
  try {
    const loaded: unknown = await loadPackage(provider);
    if (typeof loaded === "object" && loaded !== null) return loaded;
    throw new Error(`${name} exports nothing`);
  } catch (thrown) {
    const near = nearNames(provider, Object.keys(providerKeys)).filter(
      (known) => known !== provider,
    );
    const meant = near.map((known) => `"${known}/${modelId}"`).join(" or ");
    const install = `nstall it: npm install ${name}`;
    throw new BridleError("model_unknown", `The package ${name} could not be loaded`, {
      hint: meant === "" ? `I${install}` : `Did you mean ${meant}? If not, i${install}`,
      cause: thrown,
      detail: errorMessage(thrown),
    });
  }
}

/** From beside this package, else from the project: a linked copy does not see its neighbours. */
async function loadPackage(provider: string): Promise<unknown> {
  try {
    return await import(`@ai-sdk/${provider}`);
  } catch (thrown) {
    const isMissing =
      thrown instanceof Error && "code" in thrown && thrown.code === "ERR_MODULE_NOT_FOUND";
    if (!isMissing) throw thrown;
    const load = createRequire(join(process.cwd(), "package.json"));
    return load(`@ai-sdk/${provider}`);
  }
}

type Provider = (modelId: string) => LanguageModel;

/**
 * The provider made anew over our own `fetch`, by the package's `createX`; else its default
 * instance, the export that is a function with a `languageModel` method.
 */
function providerOf(loaded: object, provider: string): Provider {
  for (const [name, create] of Object.entries(loaded)) {
    const made = FACTORY.test(name) && typeof create === "function" ? madeBy(create) : null;
    if (made !== null) return made;
  }
  for (const value of Object.values(loaded)) {
    // Every AI SDK provider instance is callable with a model id (ProviderV2 to V4).
    if (typeof value === "function" && "languageModel" in value) return value as Provider;
  }
  throw new BridleError("model_unknown", `@ai-sdk/${provider} exports no provider`, {
    hint: "Make the model object yourself and hand it over in place of the name.",
  });
}

const FACTORY = /^create[A-Z]/;

/** Null when the package's function makes something else, or wants settings we do not have. */
function madeBy(create: (...given: never[]) => unknown): Provider | null {
  try {
    // Every AI SDK provider package takes its settings as one object, `fetch` among them.
    const made: unknown = create({ fetch: wireFetch() } as never);
    const isProvider = typeof made === "function" && "languageModel" in made;
    // The same shape as the default instance (ProviderV2 to V4).
    return isProvider ? (made as unknown as Provider) : null;
  } catch {
    return null;
  }
}

async function connectCompatible(reference: CompatibleModel): Promise<LanguageModel> {
  const { createOpenAICompatible } = await import("@ai-sdk/openai-compatible");
  const { baseURL, modelId, apiKeyEnv, headers } = reference;
  const where = written(baseURL);
  if (!isAddress(baseURL)) {
    throw new BridleError("model_unknown", `"${where}" is not an address`, {
      hint: "Write the whole address, for example http://127.0.0.1:11434/v1.",
    });
  }
  if (typeof modelId !== "string" || modelId === "") {
    throw new BridleError("model_unknown", `The model at ${where} has no name`, {
      hint: "Give its modelId as the server lists it, most often under /v1/models.",
    });
  }
  const apiKey = apiKeyEnv === undefined ? undefined : process.env[apiKeyEnv];
  if (apiKeyEnv !== undefined && (apiKey ?? "") === "") {
    throw new BridleError("model_key_missing", `The model at ${where} needs a key`, {
      hint: `Set the environment variable ${apiKeyEnv}.`,
    });
  }
  if (apiKeyEnv !== undefined) hideSecret(apiKeyEnv, apiKey ?? "");
  for (const [name, value] of Object.entries(headers ?? {})) hideHeader(name, value);
  const provider = createOpenAICompatible({
    name: "openai-compatible",
    baseURL,
    includeUsage: true,
    fetch: wireFetch(),
    ...(apiKey === undefined ? {} : { apiKey }),
    ...(headers === undefined ? {} : { headers: { ...headers } }),
  });
  return provider.languageModel(modelId);
}

/** A server quotes the whole of what it refuses, or only what follows the scheme. */
function hideHeader(name: string, value: string): void {
  hideSecret(name, value);
  hideSecret(name, value.slice(value.lastIndexOf(" ") + 1));
}

/** `localhost:11434/v1` parses too: as an address of the scheme "localhost". */
function isAddress(baseURL: unknown): boolean {
  if (typeof baseURL !== "string" || !URL.canParse(baseURL)) return false;
  const { protocol } = new URL(baseURL);
  return protocol === "http:" || protocol === "https:";
}

/** For a message: an address may hold a password, and an author may have written anything. */
function written(baseURL: unknown): string {
  return typeof baseURL === "string" ? redactKeys(baseURL) : typeof baseURL;
}
