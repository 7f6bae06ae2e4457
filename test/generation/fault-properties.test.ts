import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { classifyFault, faultOfFinish } from "../../src/generation/fault/classify.ts";
import { faultHint } from "../../src/generation/fault/hint.ts";
import { faultLine, redactKeys } from "../../src/generation/fault/redact.ts";
import { askedWaitMs, retryAfterMs } from "../../src/generation/fault/retry-after.ts";
import { modelFaultKinds } from "../../src/journal/model-fault.ts";
import { NOW } from "./corpus/row.ts";
import { corpus } from "./fault-corpus.ts";

const rows = Object.values(corpus).flat();
const arrived = fc.constantFrom(undefined, "nothing", "text", "arguments");

/** Names that the classifier looks for, so that random objects hold them. */
const member = fc.constantFrom(
  ..."message name code status statusCode responseHeaders responseBody data cause errors".split(
    " ",
  ),
  ..."error type details value text lastError phase headers choices response stack retryDelay".split(
    " ",
  ),
);

const said = fc.oneof(
  fc.string(),
  fc.constantFrom(...rows.map(({ thrown }) => String(thrown).slice(0, 200))),
  fc.json(),
  fc.constantFrom("{", "[{", '{"error":', "<html>", "429", "retry-after", "data: {}"),
);

const tree = fc.letrec<{ node: unknown; object: unknown }>((tie) => ({
  node: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    said,
    fc.integer(),
    fc.double(),
    fc.constantFrom(null, undefined, true, 404, 429, 500, 10n, Symbol("s")),
    fc.array(tie("node"), { maxLength: 4 }),
    tie("object"),
  ),
  object: fc
    .tuple(fc.dictionary(member, tie("node"), { maxKeys: 6 }), fc.nat(3))
    .map(([members, shape]) => {
      if (shape === 0) return Object.assign(new Error("e"), members);
      if (shape === 1) return Object.assign(new TypeError("fetch failed"), members);
      return members;
    }),
})).node;

function classify(thrown: unknown, had?: "nothing" | "text" | "arguments") {
  return classifyFault({ thrown, now: NOW, ...(had === undefined ? {} : { arrived: had }) });
}

function expectFault(thrown: unknown, had?: "nothing" | "text" | "arguments") {
  const fault = classify(thrown, had);
  expect(modelFaultKinds).toContain(fault.kind);
  expect(fault.message).toMatch(/\S/);
  expect(fault.message).not.toMatch(/[\n\r]/);
  expect(fault.message.length).toBeLessThanOrEqual(500);
  expect(fault.hasBegun === true || had === undefined).toBe(true);
  // What the journal keeps is JSON: no member is undefined, no number is none.
  expect(JSON.parse(JSON.stringify(fault))).toEqual(fault);
  expect(faultHint(fault, { provider: "p", modelId: "m" })).toMatch(/\.$/);
  return fault;
}

describe("C1: whatever is thrown becomes a fault", () => {
  test("any tree of members that errors have", () => {
    fc.assert(
      fc.property(tree, arrived, (thrown, had) => void expectFault(thrown, had)),
      { numRuns: 1500 },
    );
  });

  test("anything at all", () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true }), arrived, (thrown, had) => {
        expectFault(thrown, had);
      }),
      { numRuns: 500 },
    );
  });

  test("proxies and getters that throw, cycles, revoked proxies", () => {
    const hostile = new Proxy(
      {},
      {
        get: () => {
          throw new Error("no");
        },
        getPrototypeOf: () => {
          throw new Error("no");
        },
        ownKeys: () => {
          throw new Error("no");
        },
        has: () => {
          throw new Error("no");
        },
      },
    );
    const revoked = Proxy.revocable([], {});
    revoked.revoke();
    const cyclic: Record<string, unknown> = { message: "around" };
    cyclic["cause"] = cyclic;
    cyclic["error"] = [cyclic];
    const getters = Object.defineProperties(new Error("x"), {
      message: {
        get: () => {
          throw new Error("no");
        },
      },
      statusCode: {
        get: () => {
          throw new Error("no");
        },
      },
    });
    const endless = new Proxy({}, { get: (_, key) => (key === "message" ? "m" : endless) });
    const fresh = new Proxy({}, { get: () => freshOne() });
    function freshOne(): object {
      return new Proxy({}, { get: () => freshOne() });
    }
    const list = [hostile, revoked.proxy, cyclic, getters, endless, fresh, () => 1, Symbol("x")];
    for (const one of list) {
      expectFault(one);
      expectFault(new Error("x", { cause: one }));
      expectFault({ error: one, errors: [one], details: one, choices: one, headers: one });
      expectFault(Object.assign(new Error("y"), { responseHeaders: one, responseBody: one }));
    }
  });
});

describe("C1: the time is bounded", () => {
  const big = 3_000_000;
  /** As much as each part of the classifier looks at, and more than any does. */
  const sizes = [4000, 16_000, 260_000, big];
  const texts: readonly (readonly [string, string])[] = [
    ["one letter", "x".repeat(big)],
    ["digits", "1".repeat(big)],
    ["blanks", " ".repeat(big)],
    ["open tags", "<script".repeat(big / 7)],
    ["open braces", "{".repeat(big)],
    ["a deep list", "[".repeat(100_000) + "]".repeat(100_000)],
    ["waits", "try again ".repeat(big / 10)],
    ["durations", `try again in ${"1m".repeat(big / 2)}`],
    ["models", "model ".repeat(big / 6)],
    ["counts", "maximum context length is 1 ".repeat(big / 28)],
    ["codes", "'code': ".repeat(big / 8)],
    ["keys", "Bearer ".repeat(big / 7)],
    ["keys of a kind", "sk-".repeat(big / 3)],
    ["web tokens", "eyJ".repeat(big / 3)],
    ["addresses", "://a:".repeat(big / 5)],
    ["tool ids", "tool call id ".repeat(big / 13)],
    ["half web tokens", "eyJ-".repeat(big / 4)],
    ["titles", "<title".repeat(big / 6)],
    ["lines of braces", "{\n".repeat(big / 2)],
  ];
  for (const [name, text] of texts) {
    test(`four thousand to three million characters of ${name}`, () => {
      const started = performance.now();
      for (const size of sizes) {
        const some = text.slice(0, size);
        expectFault(some);
        expectFault(new Error(some));
        expectFault(Object.assign(new Error("x"), { statusCode: 400, responseBody: some }));
        expectFault({ error: { message: some, code: some } });
        retryAfterMs({ "retry-after": some, "x-ratelimit-reset": some }, { message: some }, NOW);
      }
      expect(performance.now() - started).toBeLessThan(5000);
    });
  }

  test("an object of a hundred thousand members, and one as deep", () => {
    const wide = Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`e${i}`, { i }]));
    let deep: object = {};
    for (let i = 0; i < 100_000; i++) deep = { error: deep, cause: deep };
    const started = performance.now();
    for (const one of [wide, deep, { error: wide, errors: Object.values(wide) }]) expectFault(one);
    expect(performance.now() - started).toBeLessThan(5000);
  });
});

describe("C4: a message holds no key", () => {
  function withKey(name: string, value: string): void {
    process.env[name] = value;
    onTestFinished(() => {
      delete process.env[name];
    });
  }

  const key = fc.stringMatching(/^[A-Za-z0-9_+/=.-]{20,120}$/);
  /** Places in which a server, a client or a runtime puts a key. */
  const places: readonly ((key: string) => unknown)[] = [
    (k) => k,
    (k) => new Error(`key ${k} is wrong`),
    (k) => new TypeError("fetch failed", { cause: new Error(`bad header ${k}`) }),
    (k) => ({ error: { message: `Incorrect API key provided: ${k}.` } }),
    (k) => Object.assign(new Error("x"), { statusCode: 401, responseBody: `no ${k}` }),
    (k) => `<html><title>${k}</title></html>`,
    (k) => `${"a".repeat(430)} ${k} ${"b ".repeat(9000)}`,
    (k) => `${k}, ${k}\n${k}`,
    (k) => `${k} `.repeat(400),
    (k) => Object.assign(new Error(""), { code: k }),
    (k) => Object.assign(new Error(""), { name: `${k}Error` }),
  ];

  test("that is in the environment, wherever it is put", () => {
    fc.assert(
      fc.property(key, fc.constantFrom(...places), (value, place) => {
        process.env["FAULT_TEST_API_KEY"] = value;
        try {
          expect(classify(place(value)).message).not.toContain(value);
        } finally {
          delete process.env["FAULT_TEST_API_KEY"];
        }
      }),
      { numRuns: 600 },
    );
  });

  test("that stands behind Bearer", () => {
    fc.assert(
      fc.property(key, fc.constantFrom(...places), (value, place) => {
        expect(classify(place(`Bearer ${value}`)).message).not.toContain(value);
      }),
      { numRuns: 600 },
    );
  });

  test("nor the half of one that is longer than what is looked at", () => {
    const long = `-----BEGIN KEY-----\n${"q7".repeat(8000)}\n-----END KEY-----`;
    withKey("FAULT_TEST_SECRET", long);
    for (const text of [long, `x ${long}`, `${"y ".repeat(4000)}${long}`]) {
      expect(faultLine(text)).not.toContain("q7q7");
    }
    // Many whole ones shrink to names, and the last is cut in two where the looking ends.
    withKey("FAULT_TEST_SECRET", "q7".repeat(500));
    expect(faultLine(`${"q7".repeat(500)} `.repeat(40))).not.toContain("q7q7");
  });

  test("in the shapes that providers give keys", () => {
    for (const [text, secret] of [
      ["Incorrect API key provided: sk-proj-abcdEFGH1234.", "abcdEFGH"],
      ["x-api-key: abcdefgh12345", "abcdefgh"],
      ["key AIzaSyA1234567890abcdefghijk is bad", "AIzaSy"],
      ["https://x.test/v1?key=abcdefgh&x=1", "abcdefgh"],
      ["https://me:hunter2hunter2@x.test/v1", "hunter2"],
      ["token eyJhbGciOiJI.eyJzdWIiOiIx.c2ln", "eyJ"],
    ] as const) {
      expect(redactKeys(text)).not.toContain(secret);
      expect(faultLine(text)).not.toContain(secret);
    }
    const plain = "HTTP 400: model gpt-5.2 has no tool pay; task-oriented keyboards at /v1/keys";
    expect(redactKeys(plain)).toBe(plain);
  });
});

describe("how long to wait", () => {
  test("is a whole number of milliseconds within 30 days, or not told", () => {
    const header = fc.constantFrom(
      ..."retry-after retry-after-ms x-ratelimit-reset x-ratelimit-reset-tokens".split(" "),
      "anthropic-ratelimit-tokens-reset",
    );
    const headers = fc.dictionary(header, fc.oneof(said, fc.double().map(String)));
    fc.assert(
      fc.property(headers, tree, (given, body) => {
        for (const wait of [retryAfterMs(given, body, NOW), askedWaitMs(given, body, NOW)]) {
          if (wait === undefined) continue;
          expect(Number.isSafeInteger(wait) && wait >= 0 && wait <= 30 * 86_400_000).toBe(true);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test("reads every form, and takes nonsense for nothing", () => {
    const date = new Date(NOW + 90_000).toUTCString();
    const cases: readonly (readonly [Record<string, string>, unknown, number | undefined])[] = [
      [{ "retry-after": "1.5" }, {}, 1500],
      [{ "Retry-After": "0" }, {}, 0],
      [{ "retry-after": date }, {}, 90_000],
      [{ "retry-after": "30s" }, {}, 30_000],
      [{ "retry-after": "-5" }, {}, undefined],
      [{ "retry-after": "NaN" }, {}, undefined],
      [{ "retry-after": "99999999" }, {}, undefined],
      [{ "retry-after": "soon" }, { message: "try again in 2 s" }, 2000],
      [{ "retry-after-ms": "12.4" }, {}, 13],
      [{ "x-ratelimit-reset-tokens": "1h2m3.5s" }, {}, 3_723_500],
      [{ "x-ratelimit-reset-requests": "6ms" }, {}, 6],
      [{ "x-ratelimit-reset": String(NOW / 1000 + 9) }, {}, 9000],
      [{ "x-ratelimit-reset": String(NOW + 9) }, {}, 9],
      [{ "x-ratelimit-reset": "12" }, {}, 12_000],
      [{}, "Please try again in 6.2s", 6200],
      [{}, "Please try again in 20ms.", 20],
      [{}, "Please try again in 1m30.5s.", 90_500],
      [{}, "retry after 30 seconds", 30_000],
      [{}, "Try again in 1 hour and 5 minutes", 3_900_000],
      [{}, "wait 2 more turns", undefined],
      [{}, { error: { details: [{ retryDelay: "34.5s" }] } }, 34_500],
      [{}, { error: { details: [{ retryDelay: "-1s" }] } }, undefined],
      [{}, { retry_after_ms: 70 }, 70],
      [{}, { estimated_time: 20 }, 20_000],
    ];
    for (const [headers, body, wait] of cases) {
      expect([headers, body, retryAfterMs(headers, body, NOW)]).toEqual([headers, body, wait]);
    }
  });

  test("of another limit's reset is none for a provider that failed", () => {
    const headers = { "x-ratelimit-reset-tokens": "6m0s", "x-ratelimit-remaining-tokens": "900" };
    expect(askedWaitMs(headers, {}, NOW)).toBeUndefined();
    const thrown = Object.assign(new Error("x"), { statusCode: 500, responseHeaders: headers });
    expect(classify(thrown)).toEqual({ kind: "unavailable", message: "x", status: 500 });
  });
});

test("any reason to finish is a fault of the union, or none", () => {
  const word = fc.oneof(fc.string(), fc.constantFrom("length", "error", "other", "content-filter"));
  fc.assert(
    fc.property(word, fc.option(word, { nil: undefined }), fc.boolean(), (unified, raw, is) => {
      const fault = faultOfFinish({ unified, raw }, { isStreamed: is });
      expect([...modelFaultKinds, undefined]).toContain(fault?.kind);
    }),
  );
});
