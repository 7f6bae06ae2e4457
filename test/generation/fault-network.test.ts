import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  answerWith,
  askStream,
  askWhole,
  bare,
  CLIENTS,
  eventsThenSilence,
  listen,
  modelAt,
} from "./corpus/exchange.ts";
import { MALFORMED } from "./corpus/row.ts";
import { STREAMS } from "./corpus/streams.ts";

const never: AbortSignal = new AbortController().signal;

describe("what the network does", () => {
  const lost = (why: string) => ({ kind: "unreachable", why });

  for (const client of Object.keys(CLIENTS)) {
    test(`${client}: nobody listens`, async () => {
      const model = modelAt(client, await closedAddress());
      expect(bare(await askWhole(model, never))).toEqual(lost("refused"));
      expect(bare(await askStream(model, never))).toEqual(lost("refused"));
    });

    test(`${client}: the connection is reset before an answer`, async () => {
      const baseURL = await listen((request) => void request.socket.resetAndDestroy());
      const model = modelAt(client, baseURL);
      expect(bare(await askWhole(model, never))).toEqual(lost("reset"));
      expect(bare(await askStream(model, never))).toEqual(lost("reset"));
    });

    test(`${client}: the connection is closed before an answer`, async () => {
      const model = modelAt(client, await listen((request) => void request.socket.destroy()));
      expect(bare(await askWhole(model, never))).toEqual(lost("reset"));
    });

    test(`${client}: a whole answer breaks off`, async () => {
      const answer: RequestListener = (request, response) => {
        request.resume();
        response.writeHead(200, { "content-type": "application/json", "content-length": "900" });
        response.write('{"id":', () => setTimeout(() => request.socket.destroy(), 20));
      };
      const model = modelAt(client, await listen(answer));
      const found = bare(await askWhole(model, never));
      expect(found).toEqual({ ...lost("reset"), status: 200, hasBegun: true });
    });

    test(`${client}: our time limit ends a stream that fell silent`, async () => {
      const begin = STREAMS[client]?.begin ?? [];
      const model = modelAt(client, await listen(eventsThenSilence(...begin)));
      const limit = new AbortController();
      const late = Object.assign(new DOMException("silent for 200 ms", "TimeoutError"), {
        phase: "idle",
      });
      setTimeout(() => limit.abort(late), 200);
      const found = bare(await askStream(model, limit.signal));
      expect(found).toMatchObject({ kind: "timeout", phase: "idle" });
    });

    test(`${client}: an abort is an abort`, async () => {
      const model = modelAt(client, await listen(() => undefined));
      const wish = new AbortController();
      setTimeout(() => wish.abort(), 50);
      expect(bare(await askWhole(model, wish.signal))).toEqual({ kind: "aborted" });
    });
  }

  test("a name that nobody knows", async () => {
    const found = await askWhole(modelAt("compatible", "http://model.invalid/v1"), never);
    expect(found).toMatchObject(lost("dns"));
  });

  test("an address that is none", async () => {
    const found = await askWhole(modelAt("compatible", "nonsense://model.test/v1"), never);
    expect(found).toMatchObject({ kind: "invalid_request", about: "address" });
  });

  test("a certificate that nobody vouches for", async () => {
    const { key, cert } = selfSigned();
    const baseURL = await listen(answerWith(200, {}), (answer) =>
      createTlsServer({ key, cert }, answer),
    );
    const secure = baseURL.replace("http:", "https:");
    for (const client of Object.keys(CLIENTS)) {
      const found = bare(await askWhole(modelAt(client, secure), never));
      expect(found).toEqual(lost("certificate"));
    }
  });

  test("TLS spoken to a server that has none", async () => {
    const baseURL = await listen(answerWith(200, {}));
    const secure = baseURL.replace("http:", "https:");
    const found = await askWhole(modelAt("compatible", secure), never);
    expect(found).toMatchObject({ kind: "unreachable" });
    expect(["certificate", "reset"]).toContain(found?.kind === "unreachable" ? found.why : "");
  });

  test("an answer that is not HTTP", async () => {
    const baseURL = await listen((request) => void request.socket.end("SSH-2.0-OpenSSH_9\r\n\r\n"));
    expect(await askWhole(modelAt("compatible", baseURL), never)).toMatchObject(MALFORMED);
  });
});

/** Where a server has just stopped to listen. */
async function closedAddress(): Promise<string> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  server.close();
  await once(server, "close");
  return `http://127.0.0.1:${port}/v1`;
}

/** Made anew for each run: an embedded one would expire. */
function selfSigned(): { readonly key: string; readonly cert: string } {
  const folder = mkdtempSync(join(tmpdir(), "fault-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const key = join(folder, "key.pem");
  const cert = join(folder, "cert.pem");
  const asked = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2";
  const about = ["-subj", "/CN=localhost", "-keyout", key, "-out", cert];
  execFileSync("openssl", [...asked.split(" "), ...about], { stdio: "ignore", timeout: 20_000 });
  return { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
}
