import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { wireFaults } from "../../src/chaos/door.ts";
import { bridle, errorOf, folder, jsonLines, start, type Ran, type Running } from "./command.ts";

const MAIN = join(import.meta.dirname, "../../src/cli/main.ts");
const hasTerminal = spawnSync("script", ["--version"]).status === 0;

interface Served {
  readonly running: Running;
  readonly addresses: Readonly<Record<string, string>>;
}

/** What the first group of a pattern matches in what a command prints. */
async function printed(running: Running, pattern: RegExp): Promise<string> {
  let text = "";
  const seen = new Promise<string>((resolve) => {
    running.child.stdout?.on("data", (chunk: string) => {
      text += chunk;
      const [, found] = pattern.exec(text) ?? [];
      if (found !== undefined) resolve(found);
    });
  });
  const first = await Promise.race([seen, running.ended]);
  if (typeof first === "string") return first;
  throw new Error(`it ended before ${pattern}: ${first.stderr}`);
}

/** The command under `--json`, once it has told its addresses. */
async function serveChaos(
  args: readonly string[],
  files: Readonly<Record<string, string>> = {},
): Promise<Served> {
  const running = start({ cwd: folder(files) }, "chaos", "--json", ...args);
  const line = await printed(running, /^(.*)\n/);
  // Every member of the first line is a text, by the command's contract.
  const addresses = JSON.parse(line) as Record<string, string>;
  return { running, addresses };
}

interface Report {
  readonly note: string;
  readonly requests: number;
  readonly faulted: number;
  readonly early: number;
  readonly faults: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

function reportOf(ran: Ran): Report {
  const { report } = jsonLines(ran.stdout).at(-1) ?? {};
  // The command's last line is its report, by its contract.
  return report as Report;
}

async function ended(running: Running, signal: NodeJS.Signals = "SIGINT"): Promise<Ran> {
  running.child.kill(signal);
  return running.ended;
}

const tools: OpenAI.Chat.ChatCompletionTool[] = [
  {
    type: "function",
    function: {
      name: "find_order",
      parameters: {
        type: "object",
        properties: { id: { type: "string" } },
        required: ["id"],
      },
    },
  },
];

interface Played {
  readonly calls: readonly string[];
  readonly text: string | null;
}

/** A loop as the README of the client shows it, with the client's default settings. */
async function playTask(client: OpenAI, task: string): Promise<Played> {
  const messages: OpenAI.Chat.ChatCompletionMessageParam[] = [{ role: "user", content: task }];
  const calls: string[] = [];
  for (let turn = 0; turn < 10; turn++) {
    const { choices } = await client.chat.completions.create({ model: "any", messages, tools });
    const message = choices[0]?.message;
    if (message === undefined) throw new Error("no choice");
    messages.push(message);
    if (message.tool_calls === undefined) return { calls, text: message.content };
    for (const call of message.tool_calls) {
      if (call.type !== "function") continue;
      calls.push(`${call.function.name} ${call.function.arguments}`);
      messages.push({ role: "tool", tool_call_id: call.id, content: "found" });
    }
  }
  throw new Error("it does not end");
}

describe("bridle chaos", () => {
  test("lists every fault, for people and as JSON", async () => {
    const setting = { cwd: folder() };
    const told = await bridle(setting, "chaos", "--list");
    expect(told).toMatchObject({ code: 0, stderr: "" });
    for (const { name, group } of wireFaults) {
      expect(told.stdout).toMatch(new RegExp(`^  ${name} `, "m"));
      expect(told.stdout).toMatch(new RegExp(`^${group}$`, "m"));
    }
    const listed = jsonLines((await bridle(setting, "chaos", "--list", "--json")).stdout);
    expect(listed).toHaveLength(wireFaults.length);
    expect(listed).toContainEqual(
      expect.objectContaining({ name: "overloaded", group: "http", dialects: ["anthropic"] }),
    );
  });

  test("serves a stranger's agent with the faults it was told, and reports", async () => {
    const { running, addresses } = await serveChaos(["--fault", "unavailable@1"]);
    expect(addresses["note"]).toContain("no real model answers");
    const client = new OpenAI({ baseURL: addresses["openai"], apiKey: "any" });
    const played = await playTask(client, "Find order 1.");
    expect(played.calls).toEqual(['find_order {"id":"example"}']);
    expect(played.text).toContain("simulated");
    const ran = await ended(running);
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    const report = reportOf(ran);
    expect(report).toMatchObject({ requests: 3, faulted: 1, early: 0 });
    expect(report.note).toContain("no real model answered");
    expect(report.faults).toMatchObject({
      unavailable: { injected: 1, retried: 1, gaveUp: 0, sameBodyAgain: 1 },
    });
    const exchanges = jsonLines(ran.stdout).slice(1, -1);
    expect(exchanges.map(({ faults, status }) => [faults, status])).toEqual([
      [["unavailable"], 503],
      [[], 200],
      [[], 200],
    ]);
  });

  test("holds a client to the time that it was told", async () => {
    const { running, addresses } = await serveChaos(["--fault", "rate_limited_short:60000@1"]);
    const ask = async (): Promise<readonly [number, number]> => {
      const response = await fetch(`${addresses["openai"]}/chat/completions`, {
        method: "POST",
        body: JSON.stringify({ model: "m", messages: [{ role: "user", content: "Hi" }] }),
      });
      return [response.status, Number(response.headers.get("retry-after"))];
    };
    expect(await ask()).toEqual([429, 60]);
    const [status, left] = await ask();
    expect(status).toBe(429);
    expect(left).toBeGreaterThan(40);
    const report = reportOf(await ended(running, "SIGTERM"));
    expect(report).toMatchObject({ requests: 2, faulted: 1, early: 1 });
    expect(report.faults).toMatchObject({ rate_limited_short: { injected: 1, early: 1 } });
  });

  test("speaks Anthropic's dialect at the address that it names for it", async () => {
    const { running, addresses } = await serveChaos(["--fault", "overloaded@1", "--model", "echo"]);
    const client = new Anthropic({ baseURL: addresses["anthropic"], apiKey: "any" });
    const message = await client.messages.create({
      model: "any",
      max_tokens: 100,
      messages: [{ role: "user", content: "Hello there." }],
    });
    expect(message.content).toMatchObject([{ type: "text", text: "Simulated echo: Hello there." }]);
    expect(reportOf(await ended(running)).faults).toMatchObject({ overloaded: { retried: 1 } });
  });

  test("plays a script from a file, in each run from its beginning", async () => {
    const script = JSON.stringify([
      { call: { name: "find_order", arguments: { id: "A-1" } } },
      { text: "It is there." },
    ]);
    const args = ["--fault", "usage_missing", "--script", "script.json", "--requests", "4"];
    const { running, addresses } = await serveChaos(args, { "script.json": script });
    for (const run of ["one", "two"]) {
      const baseURL = `${addresses["url"]}/r/${run}/v1`;
      const played = await playTask(new OpenAI({ baseURL, apiKey: "any" }), "Find it.");
      expect(played).toEqual({ calls: ['find_order {"id":"A-1"}'], text: "It is there." });
    }
    // Four requests were all there were to be.
    const ran = await running.ended;
    expect(ran.code).toBe(0);
    expect(reportOf(ran).faults).toMatchObject({
      usage_missing: { injected: 4, wentOn: 2, last: 2 },
    });
  });

  test("ends after its time, with a table for people", async () => {
    const ran = await bridle({ cwd: folder() }, "chaos", "--for", "0.3", "--profile", "storm");
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    expect(ran.stdout).toContain("no real model answers here");
    expect(ran.stdout).toMatch(
      /OpenAI \(chat, responses\) +baseURL=http:\/\/127\.0\.0\.1:\d+\/v1\n/,
    );
    expect(ran.stdout).toContain("Faults: profile storm, 30 % of requests; seed 1\n");
    expect(ran.stdout).toContain("0 requests, 0 met a fault");
  });

  test("shares a rate among the faults that name no time, as chaos tools does", async () => {
    const shared = ["--fault", "bad_gateway", "--fault", "server_error_html", "--rate", "50%"];
    const { running, addresses } = await serveChaos([...shared, "--fault", "latency:1@1"]);
    const statuses: number[] = [];
    for (let run = 0; run < 60; run++) {
      const response = await fetch(`${addresses["url"]}/r/run-${run}/v1/chat/completions`, {
        method: "POST",
        body: JSON.stringify({ model: "m", messages: [{ role: "user", content: "Hi" }] }),
      });
      await response.text();
      statuses.push(response.status);
    }
    expect(new Set(statuses)).toEqual(new Set([200, 500, 502]));
    const struck = statuses.filter((status) => status !== 200).length;
    expect(struck).toBeGreaterThan(15);
    expect(struck).toBeLessThan(45);
    const { faults } = reportOf(await ended(running));
    expect(Object.keys(faults).toSorted()).toEqual(["bad_gateway", "latency", "server_error_html"]);
    expect(faults["latency"]).toMatchObject({ injected: 60 });
  });

  test("tells the report as a table", async () => {
    const running = start(
      { cwd: folder() },
      "chaos",
      "--fault",
      "bad_gateway@1",
      "--requests",
      "3",
    );
    const baseURL = await printed(running, /baseURL=(\S+\/v1)\n/);
    const client = new OpenAI({ baseURL, apiKey: "any" });
    await playTask(client, "Find order 1.");
    const { stdout, stderr, code } = await running.ended;
    expect(code).toBe(0);
    expect(stderr).toMatch(/^[\d:]{8} bad_gateway {2}502 {2}openai-chat, turn 1\n$/);
    expect(stdout).toContain("Faults: bad_gateway@1; seed 1\n");
    expect(stdout).toMatch(/fault +injected +retried +went on +gave up/);
    expect(stdout).toMatch(/bad_gateway +1 +1 +0 +0 +0 +1 +0 +0 +\d/);
    expect(stdout).toContain("3 requests, 1 met a fault");
  });

  test.each([
    [["--fault", "bad_gatewya"], 'Did you mean "bad_gateway"?'],
    [["--fault", "latency:soon"], "Behind 'latency:' stands: a whole number"],
    [["--upstream", "http://127.0.0.1:9", "--fault", "args_cut"], "spoils how an answer arrives"],
    [["--upstream", "http://127.0.0.1:9", "--latency", "5"], "--fault latency:500"],
    [["--upstream", "ftp://h"], "http://127.0.0.1:8080"],
    [["--rate", "7"], "--help"],
    [["--profile", "hail"], "--help"],
    [["--port", "70000"], "--help"],
    [["--requests", "none"], "--help"],
  ])("%j is told and exits 2", async (args, hint) => {
    const ran = await bridle({ cwd: folder() }, "chaos", "--json", ...args);
    expect(ran).toMatchObject({ code: 2, stdout: "" });
    expect(errorOf(ran).code).toBe("usage");
    expect(errorOf(ran).hint).toContain(hint);
  });

  test.each([
    ["[]", "no list of answers"],
    ["{", "is not JSON"],
    ['[{"say": "hi"}]', "neither text nor call"],
    ['[{"call": {"arguments": {}}}]', "has no name"],
    ['[{"text": "a"}, {"fail": {"status": 200}}]', "step 1"],
    ['[{"text": "a", "finishReason": "end"}]', "finishReason"],
  ])("the script %s is refused before anything is served", async (script, words) => {
    const setting = { cwd: folder({ "script.json": script }) };
    const ran = await bridle(setting, "chaos", "--json", "--script", "script.json");
    expect(ran).toMatchObject({ code: 1, stdout: "" });
    expect(errorOf(ran)).toMatchObject({ code: "input_invalid" });
    expect(errorOf(ran).message).toContain(words);
  });

  test("lets the default client of OpenAI through most of a day in the field", async () => {
    const { running, addresses } = await serveChaos(["--profile", "field", "--seed", "3"]);
    const played = await Promise.allSettled(
      Array.from({ length: 60 }, (_, task) => {
        const baseURL = `${addresses["url"]}/r/task-${task}/v1`;
        return playTask(new OpenAI({ baseURL, apiKey: "any" }), `Find order ${task}.`);
      }),
    );
    const done = played.filter(({ status }) => status === "fulfilled").length;
    const report = reportOf(await ended(running));
    const { requests, faulted, early, faults } = report;
    expect(requests).toBeGreaterThanOrEqual(120);
    expect(faulted / requests).toBeGreaterThan(0.02);
    expect(faulted / requests).toBeLessThan(0.1);
    // It obeys a short retry-after, and gives up what it cannot read.
    expect(early).toBe(0);
    const limited = faults["rate_limited_short"];
    expect(limited).toMatchObject({ gaveUp: 0, wentOn: 0 });
    expect(limited?.["retried"]).toBeGreaterThan(0);
    expect(limited?.["waitedMs"]).toMatchObject({ min: expect.any(Number) });
    expect(JSON.stringify(limited?.["waitedMs"])).toMatch(/"min":(19\d\d|2\d\d\d)/);
    expect(done).toBeGreaterThanOrEqual(57);
    const stopped = Object.values(faults).reduce(
      (sum, tally) => sum + (tally["gaveUp"] ?? 0) + (tally["last"] ?? 0),
      0,
    );
    expect(60 - done).toBeLessThanOrEqual(stopped);
  });

  test.skipIf(!hasTerminal)("shows a terminal each fault as it strikes", async () => {
    const command = `"${process.execPath}" "${MAIN}" chaos --fault server_error --requests 1`;
    const child = spawn("script", ["-qec", command, "/dev/null"], {
      cwd: folder(),
      env: { PATH: process.env["PATH"], TERM: "xterm" },
      stdio: ["ignore", "pipe", "inherit"],
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    let text = "";
    const address = new Promise<string>((resolve) => {
      child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
        const [, found] = /baseURL=(\S+\/v1)\r?\n/.exec(text) ?? [];
        if (found !== undefined) resolve(found);
      });
    });
    const closed = once(child, "close");
    const body = JSON.stringify({ model: "m", messages: [{ role: "user", content: "Hi" }] });
    const { status } = await fetch(`${await address}/chat/completions`, { method: "POST", body });
    expect(status).toBe(500);
    await closed;
    expect(text).toContain("\u001b[33mserver_error\u001b[39m  500  openai-chat, turn 1");
  });

  test("stands before a real provider, and shows no key of anybody's", async () => {
    const provider = await serveChaos(["--fault", "latency:1@9"]);
    const upstream = (provider.addresses["url"] ?? "").replace("//", "//ann:s3cret@");
    const args = ["--upstream", upstream, "--fault", "unavailable@1"];
    const { running, addresses } = await serveChaos(args);
    expect(addresses["note"]).toContain("A real provider answers");
    const client = new OpenAI({ baseURL: addresses["openai"], apiKey: "s3cret-key" });
    expect((await playTask(client, "Find order 1.")).calls).toHaveLength(1);
    const ran = await ended(running);
    expect(reportOf(ran)).toMatchObject({ requests: 3, faults: { unavailable: { retried: 1 } } });
    expect(reportOf(ran).note).toContain("A real provider answers");
    expect(ran.stdout + ran.stderr).not.toContain("s3cret");
    expect(reportOf(await ended(provider.running)).requests).toBe(2);
  });

  test("tells a port that is taken", async () => {
    const { addresses, running } = await serveChaos([]);
    const { port } = new URL(addresses["url"] ?? "");
    const ran = await bridle({ cwd: folder() }, "chaos", "--json", "--port", port);
    expect(ran.code).toBe(1);
    expect(errorOf(ran).code).toBe("port_in_use");
    await ended(running);
  });
});
