/** Bytes that are unusual, and some that are wrong. What the standard allows is told as such. */
import { isJsonObject } from "../../std/json.ts";
import type { FaultContext, Frame, Step, WireFault } from "../exchange.ts";
import { BYTES_MAX, numberOf } from "./argument.ts";
import { isBytes, isEventStream, isHead, mapBytes, textStep } from "./byte-steps.ts";
import { unmark } from "./damaged-call.ts";
import { mapFrames } from "./json-tree.ts";

const LINE_FEED = 0x0a;
const RETURN = 0x0d;
const LEGAL = "legal by the standard for server-sent events";

interface Rewrite {
  readonly name: string;
  readonly summary: string;
  readonly steps: (steps: readonly Step[], context: FaultContext) => readonly Step[];
}

/** A fault of the event stream's bytes; an error response in its place stays as it is. */
function rewrite({ name, summary, steps }: Rewrite): WireFault {
  return {
    name,
    group: "encoding",
    summary,
    only: "stream",
    steps: (given, context) => (isEventStream(given) ? steps(given, context) : given),
  };
}

function withReturns(bytes: Uint8Array): Uint8Array {
  const out: number[] = [];
  for (const [index, byte] of bytes.entries()) {
    if (byte === LINE_FEED && bytes[index - 1] !== RETURN) out.push(RETURN);
    out.push(byte);
  }
  return Uint8Array.from(out);
}

/** Works on single bytes, because another fault may have cut inside a character. */
function withoutSpaces(bytes: Uint8Array): Uint8Array {
  const text = Buffer.from(bytes).toString("latin1");
  return Buffer.from(text.replaceAll(/^(data|event): /gm, "$1:"), "latin1");
}

/** In two writes: inside the first character of several bytes, else in the middle. */
function inTwoPackets(bytes: Uint8Array): readonly Step[] {
  const inside = bytes.findIndex((byte) => byte >= 0x80 && byte < 0xc0);
  const at = inside === -1 ? Math.floor(bytes.length / 2) : inside;
  const first: Step = { kind: "bytes", bytes: bytes.subarray(0, at) };
  // Long enough that the halves are two reads for the client, too.
  return [first, { kind: "wait", ms: 5 }, { kind: "bytes", bytes: bytes.subarray(at) }];
}

/** One byte per write; the socket decides how many go in one packet. */
function singleBytes(bytes: Uint8Array): readonly Step[] {
  return Array.from(bytes, (byte): Step => ({ kind: "bytes", bytes: Uint8Array.of(byte) }));
}

function changeHead(
  steps: readonly Step[],
  change: (headers: Readonly<Record<string, string>>) => Readonly<Record<string, string>>,
): readonly Step[] {
  return steps.map((step) => (isHead(step) ? { ...step, headers: change(step.headers) } : step));
}

/** The last blank line missing: a parser that waits for it never sees the last event. */
function unterminated(steps: readonly Step[]): readonly Step[] {
  const last = steps.findLastIndex(isBytes);
  return steps.map((step, index) => {
    if (index !== last || !isBytes(step)) return step;
    const end = step.bytes.findLastIndex((byte) => byte !== LINE_FEED && byte !== RETURN);
    return { ...step, bytes: step.bytes.subarray(0, end + 1) };
  });
}

/** JSON over several `data:` lines, which a client joins with line feeds. */
function overLines(frames: readonly Frame[]): readonly Frame[] {
  return mapFrames(frames, (data) =>
    isJsonObject(data) ? JSON.stringify(data, undefined, 1).replaceAll("\n", "\ndata: ") : data,
  );
}

/** One event blown up with white space, which JSON allows. */
function giant(frames: readonly Frame[], context: FaultContext): readonly Frame[] {
  const at = frames.findIndex(({ kind }) => kind === "text" || kind === "arguments");
  const target = at === -1 ? 0 : at;
  return frames.map((frame, index) => {
    if (index !== target || typeof frame.data === "string") return frame;
    const space = " ".repeat(numberOf(context, 1_048_576));
    return { ...frame, data: JSON.stringify(frame.data).replace(/\}$/, `${space}}`) };
  });
}

/** One event cut off in the middle of its JSON. */
function broken(frames: readonly Frame[]): readonly Frame[] {
  const at = frames.findIndex(({ kind }) => kind === "text" || kind === "arguments");
  const target = at === -1 ? 0 : at;
  return frames.map((frame, index) => {
    if (index !== target || typeof frame.data === "string") return frame;
    const text = JSON.stringify(frame.data);
    return { ...frame, data: text.slice(0, Math.floor(text.length / 2)) };
  });
}

export const encodingFaults: readonly WireFault[] = [
  rewrite({
    name: "sse_crlf",
    summary: `lines end in CRLF; ${LEGAL}`,
    steps: (steps) => mapBytes(steps, (bytes) => [{ kind: "bytes", bytes: withReturns(bytes) }]),
  }),
  rewrite({
    name: "sse_comments",
    summary: `comment lines between events, as OpenRouter's sign of life; ${LEGAL}`,
    steps: (steps) =>
      mapBytes(steps, (bytes) => [
        textStep(": SIMULATED PROCESSING\n\n"),
        { kind: "bytes", bytes },
      ]),
  }),
  rewrite({
    name: "sse_extra_fields",
    summary: `id: and retry: lines before each event; ${LEGAL}`,
    steps: (steps) =>
      mapBytes(steps, (bytes, index) => [
        textStep(`id: ${index}\nretry: 3000\n`),
        { kind: "bytes", bytes },
      ]),
  }),
  rewrite({
    name: "sse_blank_lines",
    summary: `more blank lines than one between events; ${LEGAL}`,
    steps: (steps) => mapBytes(steps, (bytes) => [{ kind: "bytes", bytes }, textStep("\n\n\n")]),
  }),
  {
    name: "sse_unknown_event",
    group: "encoding",
    summary:
      "an event of a kind that the client cannot know, which Anthropic reserves the right to",
    dialects: ["anthropic", "openai-responses"],
    only: "stream",
    frames: (frames, { dialect }) => {
      const type = dialect === "anthropic" ? "weather" : "response.weather";
      const odd: Frame = { kind: "fault", event: type, data: { type, sequence_number: 0 } };
      return frames.toSpliced(1, 0, odd);
    },
  },
  rewrite({
    name: "split_utf8",
    summary: "each event in two packets, cut inside a character where it has one of several bytes",
    steps: (steps) => mapBytes(steps, inTwoPackets),
  }),
  rewrite({
    name: "tiny_packets",
    summary: "each byte is a write of its own",
    steps: (steps) => mapBytes(steps, singleBytes),
  }),
  {
    name: "multi_line_data",
    group: "encoding",
    summary: `the JSON of an event over several data: lines; ${LEGAL}`,
    only: "stream",
    frames: overLines,
  },
  {
    name: "giant_event",
    group: "encoding",
    summary: "one event larger than a client's buffer may be",
    only: "stream",
    argument: "bytes; 1048576 when left out",
    argumentMax: BYTES_MAX,
    frames: giant,
  },
  {
    name: "broken_event",
    group: "encoding",
    summary: "the JSON of one event is cut off, and the stream goes on",
    only: "stream",
    answer: unmark,
    frames: broken,
  },
  rewrite({
    name: "unterminated_event",
    summary: "the blank line after the last event is missing",
    steps: unterminated,
  }),
  rewrite({
    name: "no_space_after_colon",
    summary: `data: and event: without the space that is usual; ${LEGAL}`,
    steps: (steps) => mapBytes(steps, (bytes) => [{ kind: "bytes", bytes: withoutSpaces(bytes) }]),
  }),
  rewrite({
    name: "byte_order_mark",
    summary: `the stream begins with a byte order mark; ${LEGAL}`,
    steps: (steps) =>
      mapBytes(steps, (bytes, index) =>
        index === 0 ? [textStep("\uFEFF"), { kind: "bytes", bytes }] : [{ kind: "bytes", bytes }],
      ),
  }),
  {
    name: "wrong_content_type",
    group: "encoding",
    summary: "a right body under the content type text/html",
    steps: (steps) => changeHead(steps, (headers) => ({ ...headers, "content-type": "text/html" })),
  },
  {
    name: "no_content_type",
    group: "encoding",
    summary: "a right body without a content type",
    steps: (steps) =>
      changeHead(steps, (headers) =>
        Object.fromEntries(Object.entries(headers).filter(([name]) => name !== "content-type")),
      ),
  },
  {
    name: "cut_json",
    group: "encoding",
    summary: "the body's JSON is cut off, and the response ends as if that were all",
    only: "whole",
    body: (body) => {
      const text = JSON.stringify(body);
      return text.slice(0, Math.floor(text.length / 2));
    },
    steps: (steps) =>
      changeHead(steps, (headers) => ({ ...headers, "content-type": "application/json" })),
  },
  {
    name: "stream_as_body",
    group: "encoding",
    summary: "a whole answer sent as one server-sent event to a client that asked for none",
    only: "whole",
    body: (body) => `data: ${JSON.stringify(body)}\n\n`,
    steps: (steps) =>
      changeHead(steps, (headers) => ({ ...headers, "content-type": "text/event-stream" })),
  },
];
