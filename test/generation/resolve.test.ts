import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { costUsd, isBridleError, type BridleError } from "../../src/index.ts";
import { resolveModel } from "../../src/generation/resolve.ts";

async function refusal(reference: unknown): Promise<BridleError> {
  const thrown: unknown = await resolveModel(reference as never).catch((error: unknown) => error);
  if (isBridleError(thrown)) return thrown;
  throw new Error("not refused", { cause: thrown });
}

/** A project with one provider package of its own, entered for the length of the test. */
function project(): void {
  const root = mkdtempSync(join(tmpdir(), "bridle-project-"));
  const folder = join(root, "node_modules", "@ai-sdk", "groq");
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({ name: "@ai-sdk/groq", version: "1.0.0", type: "module", main: "index.js" }),
  );
  writeFileSync(
    join(folder, "index.js"),
    `export const groq = Object.assign(
      (modelId) => ({ specificationVersion: "v4", provider: "groq", modelId }),
      { languageModel: () => undefined },
    );`,
  );
  writeFileSync(join(root, "package.json"), "{}");
  const before = process.cwd();
  process.chdir(root);
  onTestFinished(() => {
    process.chdir(before);
    rmSync(root, { recursive: true, force: true });
  });
}

describe("a model by name", () => {
  test("whose package is missing says what to install", async () => {
    const error = await refusal("mistral/large");
    expect(error).toMatchObject({ code: "model_unknown" });
    expect(error.hint).toContain("npm install @ai-sdk/mistral");
  });

  test("whose key is missing names the variable", async () => {
    project();
    delete process.env["GROQ_API_KEY"];
    const error = await refusal("groq/llama");
    expect(error).toMatchObject({ code: "model_key_missing" });
    expect(error.hint).toContain("GROQ_API_KEY");
  });

  test("is loaded from the project's own packages", async () => {
    project();
    process.env["GROQ_API_KEY"] = "k";
    onTestFinished(() => {
      delete process.env["GROQ_API_KEY"];
    });
    expect(await resolveModel("groq/llama/70b")).toMatchObject({ modelId: "llama/70b" });
  });

  test("that is misspelt names the near ones", async () => {
    expect((await refusal("opnai/gpt-5.2")).hint).toContain('"openai/gpt-5.2"');
  });

  for (const name of ["gpt-5.2", "/gpt", "openai/", "../x/y", "OpenAI/gpt", ""]) {
    test(`that does not name a model (${JSON.stringify(name)}) is refused`, async () => {
      const error = await refusal(name);
      expect(error.code).toBe("model_unknown");
      expect(error.hint).toContain("provider/model");
    });
  }
});

describe("a model by address", () => {
  test("that is no address is refused", async () => {
    expect((await refusal({ baseURL: "localhost", modelId: "m" })).hint).toContain("http://");
  });

  for (const baseURL of ["localhost:11434/v1", "/v1", "ftp://host/v1", "", undefined, 5]) {
    test(`that lacks its scheme or is none (${JSON.stringify(baseURL)}) is refused`, async () => {
      const error = await refusal({ baseURL, modelId: "m" });
      expect(error).toMatchObject({ code: "model_unknown" });
      expect(error.message).toContain("is not an address");
    });
  }

  test("without a model's name is refused, and its password is not told", async () => {
    const error = await refusal({ baseURL: "http://ann:hidden-word@host/v1", modelId: "" });
    expect(error).toMatchObject({ code: "model_unknown" });
    expect(error.message).toContain("has no name");
    expect(error.message).not.toContain("hidden-word");
  });

  test("whose key is missing names the variable", async () => {
    const reference = { baseURL: "http://127.0.0.1:1/v1", modelId: "m", apiKeyEnv: "NO_SUCH_KEY" };
    const error = await refusal(reference);
    expect(error).toMatchObject({ code: "model_key_missing" });
    expect(error.hint).toContain("NO_SUCH_KEY");
  });
});

for (const nothing of [undefined, null, 5, {}, { specificationVersion: "v1" }]) {
  test(`${JSON.stringify(nothing) ?? "undefined"} is no model`, async () => {
    expect((await refusal(nothing)).code).toBe("model_unknown");
  });
}

describe("a price", () => {
  const prices = { "openai/gpt": { inputUsd: 2, outputUsd: 10, cachedInputUsd: 0.5 } };

  test("counts fresh, cached and written tokens", () => {
    const usage = { inputTokens: 1_000_000, cachedInputTokens: 400_000, outputTokens: 100_000 };
    expect(costUsd(prices, "openai/gpt", usage)).toBeCloseTo(1.2 + 0.2 + 1);
  });

  test("that nobody stated, or of tokens nobody counted, is unknown and never zero", () => {
    expect(costUsd(prices, "openai/other", { inputTokens: 1, outputTokens: 1 })).toBeNull();
    expect(costUsd(prices, "openai/gpt", { inputTokens: 1 })).toBeNull();
    expect(costUsd(prices, "openai/gpt", {})).toBeNull();
  });
});
