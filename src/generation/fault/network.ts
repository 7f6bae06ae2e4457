/** What Node's sockets, its TLS, its resolver and undici say when no answer came. */
import type { Nature } from "./nature.ts";

type Why = "refused" | "dns" | "certificate" | "reset" | "network";

/** Codes of `SystemError`, undici and Bun, by what happened. */
const WHYS: Readonly<Record<string, Why>> = {
  ECONNREFUSED: "refused",
  ConnectionRefused: "refused",
  ENOTFOUND: "dns",
  EAI_AGAIN: "dns",
  EAI_FAIL: "dns",
  EAI_NODATA: "dns",
  EAI_NONAME: "dns",
  ESERVFAIL: "dns",
  ECONNRESET: "reset",
  ECONNABORTED: "reset",
  EPIPE: "reset",
  ConnectionClosed: "reset",
  UND_ERR_SOCKET: "reset",
  UND_ERR_CLOSED: "reset",
  UND_ERR_DESTROYED: "reset",
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: "reset",
  ERR_STREAM_PREMATURE_CLOSE: "reset",
  ERR_HTTP2_STREAM_ERROR: "reset",
  ERR_HTTP2_SESSION_ERROR: "reset",
  ERR_HTTP2_GOAWAY_SESSION: "reset",
  EHOSTUNREACH: "network",
  EHOSTDOWN: "network",
  ENETUNREACH: "network",
  ENETDOWN: "network",
  EADDRNOTAVAIL: "network",
  EACCES: "network",
  EPERM: "network",
  EMFILE: "network",
  ENFILE: "network",
  FailedToOpenSocket: "network",
  UND_ERR_PRX_TLS: "certificate",
  EPROTO: "certificate",
};

/** OpenSSL's verification errors as Node names them, by how they begin. */
const CERTIFICATE = [
  ..."CERT_ ERR_TLS_ ERR_SSL_ SELF_SIGNED_ DEPTH_ZERO_ UNABLE_TO_ INVALID_CA INVALID_PURPOSE".split(
    " ",
  ),
  ..."HOSTNAME_MISMATCH CRL_ PATH_LENGTH_EXCEEDED ERROR_IN_CERT_".split(" "),
];

const TIMEOUTS: Readonly<Record<string, "connect" | "first_byte" | "idle">> = {
  UND_ERR_CONNECT_TIMEOUT: "connect",
  ETIMEDOUT: "connect",
  ETIMEOUT: "connect",
  ERR_TLS_HANDSHAKE_TIMEOUT: "connect",
  UND_ERR_HEADERS_TIMEOUT: "first_byte",
  UND_ERR_BODY_TIMEOUT: "idle",
  ERR_HTTP_REQUEST_TIMEOUT: "first_byte",
};

/** What arrived could not be read as HTTP, or not be unpacked. */
const UNREADABLE =
  /^(?:HPE_|Z_|ERR__ERROR_FORMAT|ERR_PADDING|UND_ERR_RESPONSE|UND_ERR_HEADERS_OVER)/;

/** An address that cannot be asked at all. */
const ADDRESS = /^(?:ERR_INVALID_URL|ERR_UNESCAPED_CHARACTERS|ERR_INVALID_PROTOCOL)$/;

/** The first code that says something decides; the outermost comes first. */
export function natureOfCodes(codes: readonly string[]): Nature | undefined {
  for (const code of codes) {
    const phase = TIMEOUTS[code];
    if (phase !== undefined) return { kind: "timeout", phase };
    if (ADDRESS.test(code)) return { kind: "invalid_request", about: "address" };
    const why = CERTIFICATE.some((begin) => code.startsWith(begin)) ? "certificate" : WHYS[code];
    if (why !== undefined) return { kind: "unreachable", why };
    if (UNREADABLE.test(code)) return { kind: "malformed" };
  }
  return undefined;
}

/** Sentences of the same clients, for errors that were put in words before they came here. */
const SENTENCES: readonly (readonly [Nature, ...RegExp[]])[] = [
  [{ kind: "malformed" }, /does not match the HTTP\/1|^parse error: /im],
  [
    { kind: "invalid_request", about: "address" },
    /failed to parse url|invalid url|unknown scheme|bad port|unexpected redirect|redirect count/i,
  ],
  [{ kind: "auth" }, /invalid header value|cannot convert argument to a bytestring/i],
  [{ kind: "timeout", phase: "connect" }, /\bETIMEDOUT\b|connect(?:ion)? time(?:d )?-?out/i],
  [{ kind: "timeout", phase: "first_byte" }, /headers timeout/i],
  [{ kind: "timeout", phase: "idle" }, /body timeout/i],
  [{ kind: "timeout", phase: "total" }, /^(?:the )?request timed out\.?$/im],
  [{ kind: "unreachable", why: "refused" }, /\bECONNREFUSED\b|connection refused/i],
  [{ kind: "unreachable", why: "dns" }, /\b(?:ENOTFOUND|EAI_AGAIN|getaddrinfo)\b/i],
  [
    { kind: "unreachable", why: "certificate" },
    /self[- ]signed certificate|certificate (?:has expired|is not yet valid)/i,
    /unable to verify the first certificate|does not match certificate|wrong version number/i,
  ],
  [
    { kind: "unreachable", why: "reset" },
    /\b(?:ECONNRESET|EPIPE)\b|socket hang up|other side closed|connection.{0,5}(?:reset|closed)/i,
    /^terminated$/im,
  ],
  [
    { kind: "unreachable", why: "network" },
    /fetch failed|failed to fetch|network ?error|cannot connect to api|^connection error\.?$/im,
  ],
];

export function natureOfNetworkWording(text: string): Nature | undefined {
  return SENTENCES.find(([, ...patterns]) => patterns.some((one) => one.test(text)))?.[0];
}
