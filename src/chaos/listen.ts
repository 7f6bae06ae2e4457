/** An HTTP server of this machine, from its opening to the end of all that it began. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { BridleError, errorMessage } from "../std/error.ts";

export interface ListenPlace {
  /** 127.0.0.1 when left out: a world that lies has no business on a network. */
  readonly host?: string;
  /** Left out or 0: any free port. */
  readonly port?: number;
  /** True: the server and its connections do not keep the process alive. */
  readonly isBackground?: boolean;
}

export interface Visitors {
  serve(incoming: IncomingMessage, response: ServerResponse): Promise<void>;
  /** For what `serve` did not foresee. */
  breakDown(response: ServerResponse, thrown: unknown): void;
}

export interface OpenServer {
  /** Without a path: `http://127.0.0.1:4010`. */
  readonly url: string;
  /** Cuts what is still open, frees the port, and waits until every visitor was seen off. */
  close(): Promise<void>;
}

/** At once; one more is cut. A client that opens so many has lost its way. */
const CONNECTIONS_MAX = 4_096;
/** A pooled connection should outlive the pauses of a test, or the client races its closing. */
const KEEP_ALIVE_MS = 60_000;

/** Throws `port_in_use`, or `config_invalid` for any other address that cannot be listened on. */
export async function openServer(visitors: Visitors, place: ListenPlace): Promise<OpenServer> {
  const open = new Set<Promise<void>>();
  const server = createServer((incoming, response) => {
    const visit = visitors
      .serve(incoming, response)
      .catch((thrown: unknown) => visitors.breakDown(response, thrown))
      .finally(() => open.delete(visit));
    open.add(visit);
  });
  server.maxConnections = CONNECTIONS_MAX;
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  if (place.isBackground === true) server.on("connection", (socket) => socket.unref());
  const url = await listen(server, place);
  if (place.isBackground === true) server.unref();
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
    await Promise.all(open);
  };
  return {
    url,
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

async function listen(server: Server, place: ListenPlace): Promise<string> {
  const host = place.host ?? "127.0.0.1";
  const port = place.port ?? 0;
  try {
    server.listen(port, host);
    await once(server, "listening");
  } catch (thrown) {
    throw listenError(thrown, `${host}:${port}`);
  }
  const address = server.address();
  const bound = typeof address === "object" && address !== null ? address.port : port;
  return `http://${host.includes(":") ? `[${host}]` : host}:${bound}`;
}

function listenError(thrown: unknown, where: string): BridleError {
  const isTaken = thrown instanceof Error && "code" in thrown && thrown.code === "EADDRINUSE";
  return isTaken
    ? new BridleError("port_in_use", `Something is listening on ${where} already.`, {
        hint: "Name another port, or 0 for any free one.",
        cause: thrown,
      })
    : new BridleError("config_invalid", `Cannot listen on ${where}: ${errorMessage(thrown)}`, {
        hint: "Name a host of this machine and a port from 0 to 65535.",
        cause: thrown,
      });
}
