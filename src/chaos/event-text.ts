import type { Json } from "../std/json.ts";
import type { Frame } from "./exchange.ts";

/** The server-sent event, ending in its blank line. */
export function eventText(frame: Frame): string {
  const name = frame.event === undefined ? "" : `event: ${frame.event}\n`;
  return `${name}data: ${textOf(frame.data)}\n\n`;
}

/** A string as it is, anything else as JSON. */
export function textOf(data: Json): string {
  return typeof data === "string" ? data : JSON.stringify(data);
}
