/**
 * A dialect is one wire format of model requests: how to read it and how to write it. The models
 * behind the wire know none of them.
 *
 * D1 Writing is pure and has no clock: the same conversation gets the same bytes.
 * D2 What is read back from a dialect's own answers is what was said: names, arguments as text,
 *    and call ids wherever the format carries them.
 */
import type { Json, JsonObject } from "../../std/json.ts";
import type { ChatAnswer, ChatError, ChatFailure, ChatRequest } from "../chat.ts";
import type { Dialect, Frame } from "../exchange.ts";
import type { Address } from "../run-address.ts";

export type ParsedRequest =
  | { readonly kind: "request"; readonly request: ChatRequest }
  | ChatFailure;

/** What an answer needs to know of the request that it answers. */
export interface AnswerFrame {
  readonly runKey: string;
  readonly modelName: string;
  readonly request: ChatRequest;
  /** The request's body as the client wrote it. */
  readonly body: JsonObject;
}

export interface WireDialect {
  readonly name: Dialect;
  /** Whether a POST to this path, without the run's prefix, is a request in this dialect. */
  matches(path: string): boolean;
  parse(body: JsonObject, address: Address): ParsedRequest;
  /** What the provider refuses about a history that reads well. */
  checkHistory(body: JsonObject, request: ChatRequest): ChatFailure | undefined;
  /** A whole answer. */
  body(answer: ChatAnswer, frame: AnswerFrame): JsonObject;
  /** A streamed answer. */
  frames(answer: ChatAnswer, frame: AnswerFrame): readonly Frame[];
  errorBody(status: number, error: ChatError): Json;
  /** Told of each answer, for a provider that remembers what it said. */
  remember?(answer: ChatAnswer, frame: AnswerFrame): void;
}
