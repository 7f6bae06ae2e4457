import { once } from "node:events";
import type { Server } from "node:http";
import { BridleError, errorMessage } from "../std/error.ts";

export interface ListenPlace {
  /** 127.0.0.1 when left out: a world that lies has no business on a network. */
  readonly host?: string;
  /** Left out or 0: any free port. */
  readonly port?: number;
}

/**
 * Listens, and tells where: `http://127.0.0.1:4010`. Throws `port_in_use`, or `config_invalid` for
 * any other address that cannot be listened on.
 */
export async function listen(server: Server, place: ListenPlace): Promise<string> {
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

/** Cuts what is still open and frees the port. Closing twice is no error. */
export async function stopListening(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections();
  await closed;
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
