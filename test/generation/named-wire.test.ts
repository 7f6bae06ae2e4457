/** Models by name go over our own fetch: what only that says shows that it is in between. */
import { expect, onTestFinished, test } from "vitest";
import { attemptModel } from "../../src/generation/gateway.ts";
import { resolveModel } from "../../src/generation/resolve.ts";
import { answerWith, listen, PAGE } from "./corpus/exchange.ts";
import { requestOf } from "./wire-clients.ts";

function withEnv(values: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(values)) {
    const before = process.env[name];
    process.env[name] = value;
    onTestFinished(() => {
      if (before === undefined) delete process.env[name];
      else process.env[name] = before;
    });
  }
}

const named = [
  ["openai/gpt-5.2", "OPENAI_API_KEY"],
  ["anthropic/claude-sonnet-5", "ANTHROPIC_API_KEY"],
  ["google/gemini-3-pro", "GOOGLE_GENERATIVE_AI_API_KEY"],
  ["gateway/openai/gpt-5.2", "AI_GATEWAY_API_KEY"],
] as const;

/** All that would go to the internet goes to this address. */
function divert(baseURL: string): string[] {
  const real = globalThis.fetch;
  const asked: string[] = [];
  onTestFinished(() => {
    globalThis.fetch = real;
  });
  globalThis.fetch = (input, init) => {
    asked.push(input instanceof Request ? input.url : String(input));
    return real(baseURL, init);
  };
  return asked;
}

test.each(named)("%s is asked over it, whole and streamed", async (reference, variable) => {
  withEnv({ [variable]: "test-key-0123456789" });
  const asked = divert(await listen(answerWith(200, PAGE)));
  const model = await resolveModel(reference);
  for (const streaming of [{}, { onDelta: () => undefined }]) {
    const { fault } = await attemptModel(model, requestOf(), streaming);
    // The gateway's package puts errors into words of its own.
    expect(fault?.kind).toMatch(reference.startsWith("gateway/") ? /unavailable/ : /malformed/);
    expect(fault?.message).toContain("answers with a web page");
  }
  expect(asked.filter((url) => url.startsWith("https://"))).toHaveLength(2);
});

test("a base URL in the environment is asked in place of the provider's own", async () => {
  const baseURL = await listen(answerWith(200, PAGE));
  withEnv({ OPENAI_API_KEY: "test-key-0123456789", OPENAI_BASE_URL: baseURL });
  const { fault } = await attemptModel(await resolveModel("openai/gpt-5.2"), requestOf());
  expect(fault?.message).toContain("answers with a web page");
});

test("the gateway is asked without a key too: it knows another way in", async () => {
  withEnv({ AI_GATEWAY_API_KEY: "" });
  delete process.env["AI_GATEWAY_API_KEY"];
  expect(await resolveModel("gateway/openai/gpt-5.2")).toMatchObject({ modelId: "openai/gpt-5.2" });
});
