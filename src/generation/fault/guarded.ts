/** Looking at things that may bite: proxies, getters that throw, objects of another realm. */

/** A member, or undefined where it cannot be read. */
export function memberOf(node: unknown, key: string | symbol): unknown {
  if (typeof node !== "object" || node === null) return undefined;
  try {
    const held: unknown = Reflect.get(node, key);
    return held;
  } catch {
    return undefined;
  }
}

/** The items of a list, copied one by one; undefined for what is no list. */
export function itemsOf(held: unknown, itemsMax: number): readonly unknown[] | undefined {
  try {
    if (!Array.isArray(held)) return undefined;
    const items: unknown[] = [];
    for (let i = 0; i < Math.min(held.length, itemsMax); i++) items.push(held[i]);
    return items;
  } catch {
    return undefined;
  }
}

/** The names of its own members. */
export function membersOf(node: object): readonly string[] {
  try {
    return Object.keys(node);
  } catch {
    return [];
  }
}

/** Errors of the AI SDK, which may be another copy's: each carries its own registered mark. */
const MARKED = [
  ..."APICallError RetryError JSONParseError TypeValidationError InvalidResponseDataError".split(
    " ",
  ),
  ..."NoContentGeneratedError EmptyResponseBodyError LoadAPIKeyError NoSuchModelError".split(" "),
  ..."UnsupportedFunctionalityError InvalidPromptError InvalidArgumentError".split(" "),
].map((name) => ({
  name: `AI_${name}`,
  mark: Symbol.for(`vercel.ai.error.AI_${name}`),
}));

/** An error's name; undefined for a plain object, which is part of a stream or a body. */
export function nameOf(node: object): string | undefined {
  const marked = MARKED.find(({ mark }) => memberOf(node, mark) === true);
  if (marked !== undefined) return marked.name;
  const name = memberOf(node, "name");
  const isError = isErrorLike(node);
  if (typeof name === "string" && name !== "" && (isError || /(?:Error|Exception)$/.test(name))) {
    return name.slice(0, 100);
  }
  return isError ? "Error" : undefined;
}

function isErrorLike(node: object): boolean {
  try {
    if (node instanceof Error || node instanceof DOMException) return true;
  } catch {
    return false;
  }
  return typeof memberOf(node, "stack") === "string";
}
