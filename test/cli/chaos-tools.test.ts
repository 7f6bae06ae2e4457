import { describe, expect, test } from "vitest";
import { startShop } from "../chaos/shop.ts";
import { bridle, errorOf, jsonLines, start, type Setting } from "./command.ts";

const setting: Setting = { cwd: import.meta.dirname };

async function pay(url: string): Promise<number> {
  const body = '{"order":"A1"}';
  try {
    return (await fetch(`${url}/payments`, { method: "POST", body })).status;
  } catch {
    return 0;
  }
}

describe("bridle chaos tools", () => {
  test("stands before a service, tells each exchange, and at a signal what came of it", async () => {
    const shop = await startShop();
    const on = ["--fault", "reset_after_commit@1", "--on", "POST /payments", "--json"];
    const running = start(setting, "chaos", "tools", "--upstream", shop.url, ...on);
    await running.saw('"seed":1');
    const [first] = jsonLines(running.soFar().stdout);
    const url = String(first?.["url"]);
    expect((await fetch(`${url}/orders/A1`)).status).toBe(200);
    expect([await pay(url), await pay(url)]).toEqual([0, 200]);
    expect(shop.payments()).toHaveLength(2);
    running.child.kill("SIGINT");
    const ran = await running.ended;
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    const lines = jsonLines(ran.stdout);
    expect(lines).toHaveLength(5);
    expect(lines[2]).toMatchObject({ faults: ["reset_after_commit"], isCommitted: true });
    expect(lines.at(-1)).toMatchObject({
      report: {
        requests: 3,
        faults: { reset_after_commit: { injected: 1, retriedWithoutKey: 1 } },
      },
    });
  });

  test("tells a person the danger in words", async () => {
    const shop = await startShop();
    const more = ["--fault", "error_after_commit@1", "--seed", "7"];
    const running = start(setting, "chaos", "tools", "--upstream", shop.url, ...more);
    await running.saw("Ctrl-C ends it");
    expect(running.soFar().stdout).toContain("Faults: error_after_commit@1; seed 7\n");
    expect(running.soFar().stdout).toContain(`stands before ${shop.url}/\n`);
    const url = /http:\S+/.exec(running.soFar().stdout)?.[0] ?? "";
    expect([await pay(url), await pay(url)]).toEqual([500, 200]);
    await running.saw("done, and the client does not know");
    running.child.kill("SIGTERM");
    const ran = await running.ended;
    expect(ran.code).toBe(0);
    expect(ran.stdout).toContain("2 requests, 2 calls of the service");
    expect(ran.stdout).toMatch(/fault +injected +retried +with key +done untold +done twice/);
    expect(ran.stdout).toMatch(/error_after_commit +1 +1 +0 +1 +1\n/);
    expect(ran.stdout).toContain("DONE TWICE for want of a key: 1");
    expect(ran.stderr).toMatch(/^error_after_commit {2}POST \/payments, the service said 200/);
  });

  test("lists the faults with what they take", async () => {
    const { stdout, code } = await bridle(setting, "chaos", "tools", "--list");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ {2}timeout_after_commit +the service did it/m);
    expect(stdout).toContain("slow:… milliseconds");
    const listed = jsonLines((await bridle(setting, "chaos", "tools", "--list", "--json")).stdout);
    expect(listed.length).toBeGreaterThanOrEqual(15);
    expect(listed.every(({ name, summary }) => name !== "" && summary !== "")).toBe(true);
  });

  test("ends after its requests, draws by a share, and shows no password", async () => {
    const shop = await startShop();
    const upstream = shop.url.replace("//", "//ann:s3cret@");
    const args = ["--upstream", upstream, "--rate", "100%", "--requests", "1", "--json"];
    const running = start(setting, "chaos", "tools", ...args, "--fault", "fail_before");
    await running.saw('"seed":1');
    const [first] = jsonLines(running.soFar().stdout);
    expect(await pay(String(first?.["url"]))).toBe(503);
    const ran = await running.ended;
    expect(ran.code).toBe(0);
    expect(ran.stdout + ran.stderr).not.toContain("s3cret");
    expect(jsonLines(ran.stdout).at(-1)).toMatchObject({
      report: { requests: 1, faults: { fail_before: { injected: 1 } } },
    });
  });

  test("says the same in the same words as bridle chaos", async () => {
    const helps = await Promise.all(
      [["chaos"], ["chaos", "tools"]].map((path) => bridle(setting, ...path, "--help")),
    );
    const [chaos = [], tools = []] = helps.map(({ stdout }) => stdout.split("\n"));
    const named = ["fault", "rate", "seed", "list", "port", "host", "for", "requests", "json"];
    for (const name of named) {
      const lineOf = (lines: readonly string[]): string =>
        lines.find((line) => line.trimStart().startsWith(`--${name}`)) ?? `no --${name}`;
      expect(lineOf(tools).replace(/ +/g, " ")).toBe(lineOf(chaos).replace(/ +/g, " "));
      expect(lineOf(tools)).toContain(`--${name}`);
    }
  });

  test.each([
    [[], 2, "--upstream URL is missing"],
    [["--upstream", "http://127.0.0.1:9"], 2, "nothing would fail"],
    [["--upstream", "http://127.0.0.1:9", "--fault", "htlm"], 2, "no fault 'htlm'"],
    [["--upstream", "http://127.0.0.1:9", "--rate", "3"], 2, "0.05, or 5%"],
    [["--upstream", "http://ann:s3cret@h/?k=1", "--rate", "1"], 2, "'http://…@h/?…' is no address"],
    [["--upstream", "http://127.0.0.1:9", "--rate", "101%"], 2, "0.05, or 5%"],
    [["--upstream", "http://127.0.0.1:9", "--rate", "1", "--port", "x"], 2, "65535"],
    [["--upstream", "http://127.0.0.1:9", "--rate", "1", "--on", "a b"], 2, "names no requests"],
  ])("%j is refused", async (args, code, message) => {
    const ran = await bridle(setting, "chaos", "tools", ...args, "--json");
    expect(ran.code).toBe(code);
    expect(errorOf(ran).message).toContain(message);
  });
});
