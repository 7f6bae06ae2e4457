/** Models that cannot work, through each door: one sentence, and the next step. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { agent, harness, isBridleError, memoryStore } from "../../src/index.ts";
import type { HarnessOptions } from "../../src/index.ts";
import { bridle, errorOf, jsonLines } from "./command.ts";
import { listening, modelProject } from "./model-project.ts";

interface Told {
  readonly message: string;
  readonly hint?: string | undefined;
}

/** One line, with a next step that is a line of its own. */
function expectClear({ message, hint }: Told, words: RegExp, step: RegExp): void {
  expect(message).toMatch(words);
  expect(message).not.toMatch(/\n|undefined|\[object/);
  expect(hint ?? "").toMatch(step);
  expect(hint ?? "").toMatch(/^[^\n]+[.?]$/);
}

/** What `bridle doctor` finds broken; it exits with 1. */
async function doctorSays(setting: { readonly cwd: string }): Promise<readonly Told[]> {
  const ran = await bridle(setting, "doctor", "--json");
  expect(ran.code).toBe(1);
  const [report] = jsonLines(ran.stdout);
  const { findings } = report as { findings: readonly (Told & { kind: string })[] };
  return findings.filter(({ kind }) => kind === "problem");
}

interface Written {
  readonly model: unknown;
  readonly routes?: unknown;
  readonly modelRetry?: unknown;
}

const address = { baseURL: "http://127.0.0.1:9/v1", modelId: "m" };

const beforeRuns: readonly (readonly [string, Written, RegExp, RegExp])[] = [
  [
    "a named route that nobody defined",
    { model: "route:fats", routes: { fast: address } },
    /there is no route "fats"/,
    /Did you mean "fast"\?/,
  ],
  [
    "a named route where there are none",
    { model: "route:fast" },
    /there is no route "fast"/,
    /None is defined/,
  ],
  [
    "routes in a circle",
    { model: "route:a", routes: { a: ["route:b"], b: { model: "route:a" } } },
    /in a circle: a → b → a/,
    /name a model/,
  ],
  [
    "two routes to one model",
    { model: [address, { model: address, on: ["overloaded"] }] },
    /two routes to openai-compatible\.chat\/m@127\.0\.0\.1:9/,
    /name each model once/,
  ],
  [
    "no route without a condition",
    { model: [{ model: address, on: ["timeout"] }] },
    /every route has a condition/,
    /where the run begins/,
  ],
  [
    "a key that is missing",
    { model: "openai/gpt-5.2" },
    /openai\/gpt-5\.2 needs a key/,
    /OPENAI_API_KEY.*https:\/\/platform\.openai\.com/,
  ],
  [
    "a key of an address that is missing",
    { model: { ...address, apiKeyEnv: "DESK_API_KEY" } },
    /http:\/\/127\.0\.0\.1:9\/v1 needs a key/,
    /DESK_API_KEY/,
  ],
  [
    "an address that is none",
    { model: { ...address, baseURL: "localhost:9" } },
    /"localhost:9" is not an address/,
    /http:\/\//,
  ],
  [
    "attempts that are none",
    { model: address, modelRetry: { attemptsMax: 0 } },
    /modelRetry\.attemptsMax is 0/,
    /whole number of at least 1/,
  ],
  [
    "a time in words",
    { model: address, modelRetry: { idleMs: "2 min" } },
    /modelRetry\.idleMs is "2 min"/,
    /milliseconds above 0/,
  ],
  [
    "a limit under another name",
    { model: address, modelRetry: { timeoutSeconds: 5 } },
    /modelRetry has no member "timeoutSeconds"/,
    /Did you mean|Known/,
  ],
  [
    "a fleet without a rate",
    { model: address, modelRetry: { fleet: { burst: 5 } } },
    /modelRetry\.fleet is \{"burst":5\}/,
    /burst, perSecond/,
  ],
];

describe("before any run begins", () => {
  for (const [name, { model, routes, modelRetry }, words, step] of beforeRuns) {
    test(name, async () => {
      const shared = {
        ...(routes === undefined ? {} : { routes }),
        ...(modelRetry === undefined ? {} : { modelRetry }),
      };
      const config = Object.entries(shared).map(([key, value]) => {
        return `${key}: ${JSON.stringify(value)} as any,`;
      });
      const written = { model: JSON.stringify(model), config: config.join(" ") };
      const setting = modelProject(written);
      const [found, ...more] = await doctorSays(setting);
      expect(more).toEqual([]);
      expectClear(found ?? { message: "" }, words, step);
      const ran = await bridle(setting, "run", "--text", "go", "--json");
      expect([ran.code, ran.stdout]).toEqual([1, ""]);
      expectClear(errorOf(ran), words, step);
      // What an author may have written without types.
      const options = { ...shared, store: memoryStore() } as unknown as HarnessOptions;
      const desk = agent({ name: "desk", model: model as never, instructions: "Help." });
      const thrown: unknown = await harness({ ...options, agents: [desk] }).catch(
        (error: unknown) => error,
      );
      expect(isBridleError(thrown)).toBe(true);
      expectClear(thrown as Told, words, step);
    });
  }
});

function json(status: number, error: Record<string, string>): RequestListener {
  return (_request, response) => {
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify({ error }));
  };
}

function page(status: number): RequestListener {
  return (_request, response) => {
    response.writeHead(status, { "content-type": "text/html" });
    response.end("<!doctype html><html><head><title>Welcome</title></head></html>");
  };
}

/** Made anew for each run: an embedded one would expire. */
function selfSigned(): { readonly key: string; readonly cert: string } {
  const path = mkdtempSync(join(tmpdir(), "bridle-cert-"));
  onTestFinished(() => rmSync(path, { recursive: true }));
  const [key, cert] = [join(path, "key.pem"), join(path, "cert.pem")];
  const asked = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2";
  const about = ["-subj", "/CN=localhost", "-keyout", key, "-out", cert];
  execFileSync("openssl", [...asked.split(" "), ...about], { stdio: "ignore", timeout: 20_000 });
  return { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
}

const plain = (answer: RequestListener) => () => listening(answer);
const secure = async (): Promise<string> => {
  const { key, cert } = selfSigned();
  const baseURL = await listening(json(200, {}), (answer) =>
    createTlsServer({ key, cert }, answer),
  );
  return baseURL.replace("http:", "https:");
};

const inRuns: readonly (readonly [string, () => Promise<string>, RegExp, RegExp])[] = [
  [
    "a model that the provider does not know",
    plain(json(404, { message: "The model `m` does not exist", code: "model_not_found" })),
    /after 1 attempt \(HTTP 404\): The model `m` does not exist/,
    /offers "m"/,
  ],
  ["a website, found", plain(page(200)), /"Welcome"/, /what proxy is in between/],
  ["a website, not found", plain(page(404)), /after 1 attempt \(HTTP 404\)/, /most end in \/v1/],
  ["a certificate that nobody vouches for", secure, /certificate/, /NODE_EXTRA_CA_CERTS/],
];

describe("in a run", () => {
  for (const [name, serve, words, step] of inRuns) {
    test(name, async () => {
      const model = { baseURL: await serve(), modelId: "m" };
      const modelRetry = { attemptsMax: 2, baseMs: 1, maxMs: 1 };
      const setting = modelProject({
        model: JSON.stringify(model),
        config: `modelRetry: ${JSON.stringify(modelRetry)},`,
      });
      const ran = await bridle(setting, "run", "--text", "go", "--json");
      expect(ran.code).toBe(3);
      const [summary] = jsonLines(ran.stdout);
      expect(summary?.["standing"]).toBe("failed_recoverable");
      expectClear(summary?.["reason"] as Told, words, step);
      const shown = await bridle(setting, "run", "--text", "go");
      expect(shown.stderr).toMatch(words);
      expect(shown.stderr).toMatch(step);
      const desk = agent({ name: "desk", model, instructions: "Help." });
      const made = await harness({ agents: [desk], store: memoryStore(), modelRetry });
      onTestFinished(async () => {
        await made.drain(500);
      });
      const outcome = await (await made.start(desk, { input: "go" })).outcome();
      expect(outcome.kind).toBe("failed_recoverable");
      expectClear(outcome.reason, words, step);
      const ask = await bridle(setting, "doctor", "--provider", "--json");
      expect(ask.code).toBe(1);
      const [report] = jsonLines(ask.stdout);
      const { findings } = report as { findings: readonly (Told & { about: string })[] };
      const asked = findings.filter(({ about }) => about.startsWith("ask "));
      expect(asked).toHaveLength(1);
      expect(asked[0]?.hint ?? "").toMatch(step);
    });
  }
});
