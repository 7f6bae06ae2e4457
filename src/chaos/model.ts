import type { ChatReply, ChatRequest } from "./chat.ts";

/**
 * What stands behind the wire. `answer` is synchronous and a pure function of the model's script
 * and the request: a client that was killed and asks again gets the same reply, so the position
 * in a script is read from the conversation, never from a pointer on the server.
 */
export interface ChatModel {
  /** Short and plain: it travels in `x-bridle-simulated` and as `simulated/<name>`. */
  readonly name: string;
  answer(request: ChatRequest): ChatReply;
}
