import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, onTestFinished, test } from "vitest";
import { scriptedModel, startWireServer } from "../../src/chaos/door.ts";
import { Business, createBusiness } from "../../src/cli/demo/business.ts";
import { startChild } from "../../src/cli/demo/child.ts";
import { deskCases } from "../../src/cli/demo/data.ts";
import { refundDesk } from "../../src/cli/demo/desk.ts";
import { textField } from "../../src/cli/demo/fields.ts";
import { Ledger } from "../../src/cli/demo/ledger.ts";
import { connectPayments } from "../../src/cli/demo/payments-client.ts";
import { makeReport } from "../../src/cli/demo/report.ts";
import { harness, memoryStore } from "../../src/index.ts";
import { sqliteTransactor } from "../../src/storage/sqlite/door.ts";

function temporaryFolder(): string {
  const dir = mkdtempSync(join(tmpdir(), "demo-test-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** The demo as a process of its own, with a temporary folder of its own. */
function startDemo(...options: readonly string[]): { demo: ChildProcess; temporary: string } {
  const temporary = temporaryFolder();
  const file = join(import.meta.dirname, "../../src/cli/main.ts");
  const demo = spawn(process.execPath, [file, "demo", ...options], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, TMPDIR: temporary },
  });
  return { demo, temporary };
}

async function runToEnd(
  ...options: readonly string[]
): Promise<{ code: unknown; stdout: string; stderr: string; temporary: string }> {
  const { demo, temporary } = startDemo(...options);
  const ended = once(demo, "exit");
  const [stdout, stderr] = await Promise.all([
    demo.stdout === null ? "" : text(demo.stdout),
    demo.stderr === null ? "" : text(demo.stderr),
  ]);
  const [code] = await ended;
  return { code, stdout, stderr, temporary };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe("the demo", () => {
  test("ends every ticket and doubles nothing although its worker is killed", async () => {
    const { code, stdout, stderr, temporary } = await runToEnd("--json", "--tickets", "16");
    const lines = stdout.trimEnd().split("\n");
    expect(lines).toHaveLength(1);
    const report = JSON.parse(lines[0] ?? "");
    expect(report).toMatchObject({
      tickets: 16,
      terminal: 16,
      effectsDoubled: 0,
      runsLost: 0,
      kills: 1,
      outcomes: { succeeded: 16 },
      claimed: 16,
      verified: 16,
      claimedNotDone: [],
      refundsApplied: report.refundsExpected,
      reviewsOpened: report.reviewsExpected,
      letters: 16,
    });
    expect(report.refundsExpected).toBeGreaterThan(0);
    expect(report.reviewsExpected).toBeGreaterThan(0);
    expect(report.withheld).toBeGreaterThan(0);
    expect(report.replays).toBeGreaterThan(0);
    expect(report.caught).toMatchObject({ malformed: report.injected.malformed_arguments });
    expect(stderr).toContain("killed with SIGKILL");
    expect(stderr).toContain("The model is simulated");
    expect(stderr).not.toContain("\u001B");
    expect(code).toBe(0);
    expect(readdirSync(temporary)).toEqual([]);
  });

  test("takes its processes and files with it when it is interrupted", async () => {
    const { demo, temporary } = startDemo();
    let shown = "";
    demo.stdout?.setEncoding("utf8").on("data", (piece: string) => {
      shown += piece;
      if (shown.includes("worker started (process")) demo.kill("SIGINT");
    });
    const [code] = await once(demo, "exit");
    const pids = [...shown.matchAll(/started \(process (\d+)\)/g)].map((match) => Number(match[1]));
    expect(code).toBe(130);
    expect(pids).toHaveLength(2);
    expect(pids.filter(isAlive)).toEqual([]);
    expect(readdirSync(temporary)).toEqual([]);
  });

  test("keeps its databases in the folder asked for, and does not work over them again", async () => {
    const dir = join(temporaryFolder(), "desk");
    const first = await runToEnd("--tickets", "1", "--dir", dir);
    expect(first.code).toBe(0);
    expect(first.stdout).toContain(`The databases are in ${dir}`);
    expect(existsSync(join(dir, "journal.db"))).toBe(true);
    const second = await runToEnd("--tickets", "1", "--dir", dir);
    expect(second.code).toBe(2);
    expect(second.stderr).toContain("already holds a journal.db");
  });

  test("names what is missing for a real model before it starts anything", async () => {
    const { code, stdout, stderr } = await runToEnd("--model", "nobody/nothing");
    expect(code).toBe(1);
    expect(stderr).toContain("npm install @ai-sdk/nobody");
    expect(stdout).toBe("");
  });
});

describe("the payment service's books", () => {
  function openLedger(): { ledger: Ledger; line: { orderId: string; lineId: string } } {
    const cases = deskCases(1, 1);
    const ledger = new Ledger(join(temporaryFolder(), "payments.db"));
    onTestFinished(() => ledger.close());
    ledger.seed(cases);
    return { ledger, line: { orderId: cases[0]?.order.orderId ?? "", lineId: "1" } };
  }

  test("hold one refund for a key that comes twice", () => {
    const { ledger, line } = openLedger();
    const first = ledger.refund("key-1", { ...line, amountCents: 100 });
    const again = ledger.refund("key-1", { ...line, amountCents: 100 });
    expect(first.kind).toBe("applied");
    expect(again).toEqual({ ...first, kind: "replayed" });
    expect(ledger.stats(0)).toMatchObject({ refundsApplied: 1, refundsDoubled: 0, replays: 1 });
  });

  test("count a refund under a second key as doubled", () => {
    const { ledger, line } = openLedger();
    ledger.refund("key-1", { ...line, amountCents: 100 });
    ledger.refund("key-2", { ...line, amountCents: 100 });
    expect(ledger.stats(0)).toMatchObject({ refundsApplied: 2, refundsDoubled: 1, replays: 0 });
  });

  test("count every review that is asked for again as doubled", () => {
    const { ledger, line } = openLedger();
    const review = { orderId: line.orderId, reference: "call-1", note: "please look" };
    ledger.review(review);
    ledger.review(review);
    expect(ledger.stats(0)).toMatchObject({ reviewsOpened: 2, reviewsDoubled: 1 });
  });

  test("refuse more than was captured", () => {
    const { ledger, line } = openLedger();
    const refused = ledger.refund("key-1", { ...line, amountCents: 10_000_000 });
    expect(refused.kind).toBe("refused");
    expect(ledger.stats(0)).toMatchObject({ refundsApplied: 0, refused: 1 });
  });
});

describe("the demo's report", () => {
  test.for([
    ["without the gate a claim that nothing stands behind is counted", false],
    ["with the gate there is none", true],
  ] as const)("%s", async ([, isGated]) => {
    const dir = temporaryFolder();
    const cases = deskCases(5, 2);
    const [honest, boastful] = cases;
    const path = join(dir, "business.db");
    createBusiness(path, cases);
    const business = new Business(path);
    const transactor = sqliteTransactor(path);
    const service = startChild("payments", {
      path: join(dir, "payments.db"),
      seed: 5,
      tickets: cases.length,
      withholdShare: 0,
      holdMs: 0,
    });
    onTestFinished(() => {
      service.kill("SIGKILL");
      transactor.close();
      business.close();
    });
    if (honest === undefined || boastful === undefined) throw new Error("there are two cases");
    const { ticket, truth } = honest;
    const { orderId, lineId, amountCents, resolution } = truth;
    const closing = { ticketId: ticket.ticketId, resolution, letter: "Your money is on its way." };
    const models = new Map([
      [
        ticket.ticketId,
        scriptedModel([
          { call: { name: "refund", arguments: { orderId, lineId, amountCents } } },
          { call: { name: "close_ticket", arguments: closing } },
          { text: "Done." },
        ]),
      ],
      [boastful.ticket.ticketId, scriptedModel([{ text: "Done, all is refunded." }])],
    ]);
    const chat = await startWireServer({ models: (key) => models.get(key) });
    onTestFinished(() => chat.close());
    const payments = connectPayments(textField(await service.ready, "url"));
    const desk = refundDesk({
      business,
      transactor,
      payments,
      model: (run) => {
        const isHonest = JSON.stringify(run.input).includes(ticket.ticketId);
        const key = isHonest ? ticket.ticketId : boastful.ticket.ticketId;
        return { baseURL: chat.urlFor(key), modelId: "any" };
      },
    });
    const used = isGated ? desk : { ...desk, done: [], obligations: () => [] };
    const bridle = await harness({ agents: [used], store: memoryStore() });
    onTestFinished(() => bridle.close());
    for (const { ticket: input } of cases) await (await bridle.start(used, { input })).outcome();
    const stats = await payments.stats(AbortSignal.timeout(5_000));
    const report = await makeReport(
      { cases, store: bridle.store, business, stats },
      { kills: 0, injected: {}, model: "scripted", ms: 0 },
    );
    expect(report).toMatchObject({
      terminal: 2,
      claimed: isGated ? 1 : 2,
      verified: 1,
      claimedNotDone: isGated ? [] : [boastful.ticket.ticketId],
      refundsApplied: 1,
    });
  });
});
