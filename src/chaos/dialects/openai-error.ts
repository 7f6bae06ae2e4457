import type { Json } from "../../std/json.ts";
import type { ChatError } from "../chat.ts";

/** The error shape of OpenAI's chat and responses alike. */
export function openaiError(status: number, error: ChatError): Json {
  return {
    error: {
      message: error.message,
      type: status < 500 ? "invalid_request_error" : "server_error",
      param: error.param ?? null,
      code: error.code,
    },
  };
}
