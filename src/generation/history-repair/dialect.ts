/**
 * What each provider demands of a history beyond what all of them do. Every rule here is one that
 * a provider answers with a 400; where that is said is named beside it.
 */

export interface Dialect {
  /** Ids of calls that it takes back when its own model made the call. */
  readonly ownId: RegExp;
  /** Ids that it takes when another's model made the call. */
  readonly foreignId: RegExp;
  /** How many characters of a new id follow `idPrefix`. */
  readonly idChars: number;
  readonly idPrefix: string;
  /** Text of nothing but white space is refused. */
  readonly refusesBlankText: boolean;
  /** An answer may not end in reasoning. */
  readonly refusesLastReasoning: boolean;
  /** Of its own reasoning, only what carries one of these marks can be sent. Null: all of it. */
  readonly reasoningMarks: readonly string[] | null;
  /** An answer with calls may not follow another answer directly. */
  readonly separatesAnswers: boolean;
  /** After results the model must speak before the user may. */
  readonly answersResults: boolean;
}

const usual: Dialect = {
  // What a server minted itself it takes back; some (Kimi: `functions.find:0`, gateways that pack
  // a signature into the id) even count on it, so it is not ours to rewrite.
  ownId: /^[^]+$/,
  // OpenAI's chat endpoint has refused `tool_calls[].id` over 40 characters, and many servers and
  // gateways stand in for it; Anthropic wants ^[a-zA-Z0-9_-]+$. This satisfies both.
  foreignId: /^[a-zA-Z0-9_-]{1,40}$/,
  idChars: 24,
  idPrefix: "call_",
  refusesBlankText: false,
  refusesLastReasoning: false,
  reasoningMarks: null,
  separatesAnswers: false,
  answersResults: false,
};

const openai: Dialect = {
  ...usual,
  // "Invalid 'input[n].call_id': string too long. Expected a string with maximum length 64".
  ownId: /^[^]{1,64}$/,
  // "Item 'rs_…' of type 'reasoning' was provided without its required following item."
  refusesLastReasoning: true,
  // Reasoning is an item: known by its id where responses are stored, else by its ciphertext.
  reasoningMarks: ["itemId", "reasoningEncryptedContent"],
};

const anthropic: Dialect = {
  ...usual,
  // "tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'".
  ownId: /^[a-zA-Z0-9_-]+$/,
  // "text content blocks must contain non-whitespace text".
  refusesBlankText: true,
  // "The final block in an assistant message cannot be `thinking`."
  refusesLastReasoning: true,
  // A thinking block without its signature is refused; a redacted one is all ciphertext.
  reasoningMarks: ["signature", "redactedData"],
};

/** Converse passes the rules of the model behind it on; a toolUseId has at most 64 characters. */
const bedrock: Dialect = { ...anthropic, ownId: /^[a-zA-Z0-9_-]{1,64}$/, reasoningMarks: null };

/**
 * Gemini 3 also wants a thought signature on the first call of an answer. For calls of other
 * models it documents the value `skip_thought_signature_validator`
 * (https://ai.google.dev/gemini-api/docs/thought-signatures); the provider package puts it in for
 * the models that ask for it, so a call is left bare here and not marked for those that do not.
 */
const google: Dialect = {
  ...usual,
  // "function call turn comes immediately after a user turn or after a function response turn".
  separatesAnswers: true,
};

const mistral: Dialect = {
  ...usual,
  // "Tool call id was … but must be a-z, A-Z, 0-9, with a length of 9".
  ownId: /^[a-zA-Z0-9]{9}$/,
  foreignId: /^[a-zA-Z0-9]{9}$/,
  idChars: 9,
  idPrefix: "",
  // "Unexpected role 'user' after role 'tool'".
  answersResults: true,
};

const dialects: ReadonlyMap<string, Dialect> = new Map([
  ["amazon-bedrock", bedrock],
  ["anthropic", anthropic],
  ["azure", openai],
  ["azure-openai", openai],
  ["bedrock", bedrock],
  ["google", google],
  ["mistral", mistral],
  ["openai", openai],
  // Claude on Vertex calls itself `vertex.anthropic.messages`; Gemini there is `google.vertex…`.
  ["vertex", anthropic],
]);

/** The rules of a model object's `provider`, by its part before the first dot. */
export function dialectOf(provider: string): Dialect {
  return dialects.get(provider.split(".", 1)[0] ?? "") ?? usual;
}
