/** `bridle doctor --provider`: one real call to each model, and what is wrong in words. */
import { describe, expect, onTestFinished, test } from "vitest";
import {
  faultPlan,
  scriptedModel,
  startWireServer,
  type ScriptedStep,
  type WireServer,
  type WireServerOptions,
} from "../../src/chaos/door.ts";
import { bridle, folder, jsonLines, project, type Setting } from "./command.ts";
import { listening, modelProject, type ModelProject } from "./model-project.ts";

interface Finding {
  readonly kind: string;
  readonly about: string;
  readonly message: string;
  readonly hint?: string;
}

async function ask(setting: Setting, ...args: readonly string[]) {
  const ran = await bridle(setting, "doctor", "--json", "--provider", ...args);
  const [report, ...more] = jsonLines(ran.stdout);
  expect(more).toEqual([]);
  const { ok, findings } = report as { ok: boolean; findings: readonly Finding[] };
  const asked = findings.filter(({ about }) => about.startsWith("ask"));
  return { code: ran.code, ok, findings, asked, output: ran.stdout + ran.stderr };
}

async function serve(options: Partial<WireServerOptions> = {}): Promise<WireServer> {
  const words = "one, two, three, four, five, six, seven, eight, nine, ten and so on";
  const script = scriptedModel([{ text: words }]);
  const server = await startWireServer({ models: () => script, chunked: true, ...options });
  onTestFinished(() => server.close());
  return server;
}

/** A project whose one agent asks the model at this address. */
function projectAt(baseURL: string, more: Partial<ModelProject> = {}): Setting {
  return modelProject({ model: JSON.stringify({ baseURL, modelId: "m" }), ...more });
}

function fail(status: number, error: Record<string, string>): ScriptedStep {
  return { fail: { status, body: { error } } };
}

describe("a model that answers", () => {
  test("is said to, with how long it took, its tokens, and that it is simulated", async () => {
    const server = await serve();
    const { code, ok, asked } = await ask(projectAt(server.urlFor("r")));
    expect({ code, ok }).toEqual({ code: 0, ok: true });
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({ kind: "ok" });
    expect(asked[0]?.about).toMatch(/^ask openai-compatible\.chat\/m@127\.0\.0\.1:\d+$/);
    expect(asked[0]?.message).toMatch(
      /simulated\/scripted \(simulated\) answered in [\d.]+ m?s, first words after .*; \d+ tokens in, \d+ out$/,
    );
    expect(server.requestCount()).toBe(1);
  });

  test("is asked once, however many agents name it", async () => {
    const server = await serve();
    const setting = await project([{ text: "Hi." }], { config: "" });
    const { asked } = await ask({ ...setting, env: { MODEL_URL: server.urlFor("r") } });
    expect([asked.length, server.requestCount()]).toEqual([1, 1]);
  });

  for (const [reference, variable, path] of [
    ["openai/gpt-5.2", "OPENAI", "openai"],
    ["anthropic/claude-sonnet-5", "ANTHROPIC", "ai-sdk-anthropic"],
  ] as const) {
    test(`is asked by reference, without a project: ${reference}`, async () => {
      const server = await serve();
      const key = "sk-proj-0123456789abcdefghij";
      const baseURL = server.urlFor("r", path);
      const env = { [`${variable}_API_KEY`]: key, [`${variable}_BASE_URL`]: baseURL };
      const { code, asked, output } = await ask({ cwd: folder(), env }, reference);
      expect(asked).toMatchObject([{ kind: "ok", message: expect.stringMatching(/simulated/) }]);
      expect(code).toBe(0);
      expect(server.requestCount()).toBe(1);
      expect(output).not.toContain(key);
    });
  }

  test("in one piece after a while has a proxy before it that buffers", async () => {
    const server = await serve({ chunked: false, latencyMs: 500 });
    const { code, asked } = await ask(projectAt(server.urlFor("r")));
    expect(code).toBe(0);
    expect(asked).toMatchObject([
      { kind: "ok" },
      {
        kind: "note",
        message: expect.stringContaining("a proxy buffers it"),
        hint: expect.stringContaining("proxy_buffering off"),
      },
    ]);
  });

  test("and is another one than was asked is told", async () => {
    const baseURL = await listening((_request, response) => {
      const choice = { index: 0, delta: { content: "one, two" }, finish_reason: "stop" };
      const event = { id: "c1", model: "smaller-model", choices: [choice] };
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.end(`data: ${JSON.stringify(event)}\n\ndata: [DONE]\n\n`);
    });
    const told = await ask(projectAt(baseURL));
    expect(told.code).toBe(0);
    expect(told.asked).toMatchObject([
      { kind: "ok", message: expect.not.stringContaining("simulated") },
      {
        kind: "note",
        message: expect.stringMatching(/^m was asked and .*smaller-model answered$/),
        hint: expect.stringContaining("switchedModel"),
      },
      { kind: "note", message: expect.stringContaining("no token counts") },
    ]);
    const config = 'modelRetry: { switchedModel: "fault" },';
    const refused = await ask(projectAt(baseURL, { config }));
    expect(refused.code).toBe(1);
    expect(refused.asked).toMatchObject([
      { kind: "problem", message: expect.stringContaining("model switched") },
    ]);
  });
});

describe("a model that does not answer is explained", () => {
  const cases: readonly (readonly [string, ScriptedStep, string, string])[] = [
    [
      "an unknown model",
      fail(404, { message: "The model `m` does not exist", code: "model_not_found" }),
      "invalid request (HTTP 404): The model `m` does not exist",
      'offers "m"',
    ],
    [
      "a wrong key",
      fail(401, { message: "Incorrect API key provided", code: "invalid_api_key" }),
      "auth (HTTP 401)",
      "Check the key",
    ],
    [
      "no credit",
      fail(429, { message: "You exceeded your current quota", code: "insufficient_quota" }),
      "quota exhausted (HTTP 429)",
      "credit",
    ],
    ["an overload", fail(503, { message: "Busy" }), "overloaded (HTTP 503)", "second route"],
  ];
  for (const [name, step, message, hint] of cases) {
    test(name, async () => {
      const script = scriptedModel([step, { text: "Hi." }]);
      const server = await serve({ models: () => script });
      const { code, ok, asked } = await ask(projectAt(server.urlFor("r")));
      expect({ code, ok }).toEqual({ code: 1, ok: false });
      expect(asked).toMatchObject([
        {
          kind: "problem",
          message: expect.stringContaining(message),
          hint: expect.stringContaining(hint),
        },
      ]);
      expect(server.requestCount()).toBe(1);
    });
  }

  const page = "<!doctype html><html><head><title>Welcome</title></head></html>";
  for (const [status, message, hint] of [
    [200, "malformed (HTTP 200): the address answers with a web page", "Check that the address"],
    [404, "invalid request (HTTP 404)", "most end in /v1"],
  ] as const) {
    test(`an address that leads to a website, ${status}`, async () => {
      const baseURL = await listening((_request, response) => {
        response.writeHead(status, { "content-type": "text/html" });
        response.end(page);
      });
      const { code, asked } = await ask(projectAt(baseURL));
      expect(code).toBe(1);
      expect(asked).toHaveLength(1);
      expect(asked[0]?.message).toContain(message);
      expect(asked[0]?.hint).toContain(hint);
    });
  }

  test("nobody listens", async () => {
    const { asked, code } = await ask(projectAt("http://127.0.0.1:1/v1"));
    expect(code).toBe(1);
    expect(asked[0]?.message).toMatch(/^(unreachable|invalid request): /);
  });

  test("a stream that never begins, within the project's own limit", async () => {
    const server = await serve({ faults: faultPlan({ faults: ["hang_after_headers"] }) });
    const config = "modelRetry: { firstByteMs: 300 },";
    const { asked } = await ask(projectAt(server.urlFor("r"), { config }));
    expect(asked).toMatchObject([
      { kind: "problem", message: "timeout: the answer did not begin within 300 ms" },
    ]);
    expect(asked[0]?.hint).toContain("firstByteMs");
    expect(asked[0]?.hint).toContain("proxy");
  });

  test("a stream that breaks off", async () => {
    const server = await serve({ faults: faultPlan({ faults: ["eof_in_text"] }) });
    const { asked } = await ask(projectAt(server.urlFor("r")));
    expect(asked[0]?.message).toMatch(/^stream broken/);
  });

  test("a key that the server quotes is not printed", async () => {
    const key = "desk-4f19c0ffee4f19c0ffee";
    const baseURL = await listening((request, response) => {
      response.writeHead(401, { "content-type": "application/json" });
      const said = `Incorrect API key provided: ${request.headers.authorization}`;
      response.end(JSON.stringify({ error: { message: said, code: "invalid_api_key" } }));
    });
    const model = `{ baseURL: "${baseURL}", modelId: "m", apiKeyEnv: "DESK_API_KEY" }`;
    const setting = { ...projectAt(baseURL, { model }), env: { DESK_API_KEY: key } };
    const { asked, output } = await ask(setting);
    expect(asked[0]?.message).toContain("[DESK_API_KEY]");
    expect(output).not.toContain(key);
    const plain = await bridle(setting, "doctor", "--provider");
    expect(plain.code).toBe(1);
    expect(plain.stdout).toContain("auth (HTTP 401)");
    expect(plain.stdout + plain.stderr).not.toContain(key);
  });
});

describe("what cannot be asked", () => {
  test("a missing key names the variable and where to get one", async () => {
    const { code, asked } = await ask({ cwd: folder() }, "openai/gpt-5.2");
    expect(code).toBe(1);
    expect(asked).toMatchObject([
      {
        kind: "problem",
        message: "openai/gpt-5.2 needs a key",
        hint: expect.stringMatching(/OPENAI_API_KEY.*https:\/\/platform\.openai\.com/),
      },
    ]);
  });

  test("no name at all", async () => {
    const { code, asked } = await ask({ cwd: folder() }, "gpt-5.2");
    expect(code).toBe(1);
    expect(asked[0]?.hint).toContain("provider/model");
  });

  test("limits that cannot work are told beside it", async () => {
    const server = await serve();
    const setting = projectAt(server.urlFor("r"), { config: "modelRetry: { attemptsMax: 0 }," });
    const { code, findings, asked } = await ask(setting);
    expect(code).toBe(1);
    expect(findings.find(({ about }) => about === "modelRetry")).toMatchObject({
      kind: "problem",
      message: "modelRetry.attemptsMax is 0",
    });
    expect(asked).toMatchObject([{ kind: "ok" }]);
  });

  test("a model that is chosen when a run begins is said not to have been asked", async () => {
    const model = '() => ({ baseURL: "http://127.0.0.1:1/v1", modelId: "m" })';
    const { code, asked } = await ask(projectAt("", { model }));
    expect(code).toBe(0);
    expect(asked).toMatchObject([{ kind: "note", about: "ask" }]);
  });
});
