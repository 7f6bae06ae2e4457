/**
 * `bridle demo`: a refund desk that is killed in the middle of its work.
 *
 * D1 What survives is outside the worker: the payment service and the model are other processes,
 *    the journal and the shop's database are files.
 * D2 Effects are counted where they happen, never by the harness that is on show.
 * D3 The worker is killed while it works, at best when money has moved and it has not heard.
 */
import { join } from "node:path";
import { startWireServer, type WireServer } from "../../chaos/wire-server.ts";
import type { SimulatedModel } from "../../chaos/simulated-model.ts";
import { resolveModel } from "../../generation/resolve.ts";
import { systemClock } from "../../std/clock.ts";
import { BridleError } from "../../std/error.ts";
import { sqlite, type SqliteJournal } from "../../storage/sqlite/sqlite.ts";
import { Business, createBusiness } from "./business.ts";
import { startChild, type Child } from "./child.ts";
import { clerks, injectedBy } from "./clerk.ts";
import { deskCases, type DeskCase } from "./data.ts";
import { PATIENCE_MS } from "./desk.ts";
import { textField } from "./fields.ts";
import { BUSINESS_FILE, JOURNAL_FILE, openFolder, PAYMENTS_FILE, type Folder } from "./folder.ts";
import { connectPayments, type Payments } from "./payments-client.ts";
import { makeReport, type Report } from "./report.ts";
import { howToUseRealModel, introduce, openScreen, reportTable, type Screen } from "./screen.ts";

export interface DemoOptions {
  /** The report as the only line on stdout; everything else goes to stderr. */
  readonly json: boolean;
  /** `provider/model` in place of the simulated one. */
  readonly model?: string;
  /** 40 when left out, from 1 to 1,000. */
  readonly tickets?: number;
  /** Keeps the three databases there. */
  readonly dir?: string;
  readonly seed?: number;
}

const TICKETS = 40;
/** With this seed the service keeps silent over refunds and reviews both. */
const SEED = 5;
const TICKETS_MAX = 1_000;
/** Tickets worked on at once. */
const CONCURRENCY = 6;
/** How long the simulated model thinks, ms. */
const LATENCY_MS = 40;
const WITHHOLD_SHARE = 0.25;
/** How often the journal is looked at, ms. */
const LOOK_MS = 20;
/** A ticket that takes longer than this on average is not going to end. */
const PATIENCE_PER_TICKET_MS = 60_000;

/** Everything that must be closed again. */
interface World {
  readonly options: DemoOptions;
  readonly screen: Screen;
  readonly stop: AbortSignal;
  readonly folder: Folder;
  readonly cases: readonly DeskCase[];
  readonly store: SqliteJournal;
  readonly business: Business;
  readonly models: ReadonlyMap<string, SimulatedModel>;
  readonly chat: WireServer | null;
  readonly service: Child;
  readonly payments: Payments;
  readonly paymentsUrl: string;
  readonly endBy: number;
}

/**
 * Runs the demo and says how it went as an exit code: 0 when every ticket ended, nothing was
 * lost and nothing was done twice; 130 after Ctrl-C. Its child processes end with it.
 */
export async function runDemo(options: DemoOptions): Promise<number> {
  const cases = checkedCases(options);
  // A missing key or package is told before anything is started.
  if (options.model !== undefined) await resolveModel(options.model);
  const screen = openScreen(options.json ? process.stderr : process.stdout);
  const stop = new AbortController();
  const onSignal = (): void => stop.abort(new BridleError("aborted", "Stopped"));
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  const closers: (() => Promise<unknown> | void)[] = [];
  try {
    const world = await openWorld({ options, cases, screen, stop: stop.signal, closers });
    const report = await play(world, closers);
    return conclude(world, report);
  } catch (thrown) {
    if (!stop.signal.aborted) throw thrown;
    screen.say("Stopped. Nothing is left running.");
    return 130;
  } finally {
    for (const close of closers.toReversed()) await close();
    // Until here a second Ctrl-C must not leave anything behind either.
    process.off("SIGINT", onSignal);
    process.off("SIGTERM", onSignal);
  }
}

function checkedCases({ seed = SEED, tickets = TICKETS }: DemoOptions): readonly DeskCase[] {
  if (Number.isSafeInteger(tickets) && tickets >= 1 && tickets <= TICKETS_MAX) {
    return deskCases(seed, tickets);
  }
  throw new BridleError("usage", `The demo cannot work on ${tickets} tickets`, {
    hint: `Give --tickets a whole number from 1 to ${TICKETS_MAX}.`,
  });
}

type Opening = Pick<World, "options" | "cases" | "screen" | "stop"> & {
  readonly closers: (() => Promise<unknown> | void)[];
};

async function openWorld(opening: Opening): Promise<World> {
  const { options, cases, closers } = opening;
  const { seed = SEED, model } = options;
  const folder = openFolder(options.dir);
  closers.push(() => folder.cleanUp());
  createBusiness(join(folder.dir, BUSINESS_FILE), cases);
  const business = new Business(join(folder.dir, BUSINESS_FILE));
  closers.push(() => business.close());
  const store = sqlite(join(folder.dir, JOURNAL_FILE));
  closers.push(() => store.close());
  const models = model === undefined ? clerks(cases, seed) : new Map<string, SimulatedModel>();
  const chat = model === undefined ? await openChat(models) : null;
  closers.push(() => chat?.close());
  const service = startChild("payments", {
    path: join(folder.dir, PAYMENTS_FILE),
    seed,
    tickets: cases.length,
    withholdShare: WITHHOLD_SHARE,
    holdMs: PATIENCE_MS * 3,
  });
  closers.push(() => end(service));
  const paymentsUrl = textField(await service.ready, "url");
  const payments = connectPayments(paymentsUrl);
  const endBy = Date.now() + PATIENCE_PER_TICKET_MS * Math.max(2, cases.length / CONCURRENCY);
  return {
    ...opening,
    folder,
    store,
    business,
    models,
    chat,
    service,
    payments,
    paymentsUrl,
    endBy,
  };
}

function openChat(models: World["models"]): Promise<WireServer> {
  return startWireServer({ models: (runKey) => models.get(runKey), latencyMs: LATENCY_MS });
}

async function end(child: Child): Promise<void> {
  child.kill("SIGKILL");
  await child.ended;
}

async function play(world: World, closers: Opening["closers"]): Promise<Report> {
  const { options, screen, cases, service } = world;
  const started = Date.now();
  screen.say(`A refund desk with ${cases.length} tickets, ${CONCURRENCY} at a time.`);
  for (const line of introduce(options.model)) screen.say(line);
  screen.say(`\n  payment service started (process ${service.pid})`);
  const first = startWorker(world, closers);
  screen.say(`  worker started (process ${first.pid})`);
  const kills = await killInTheMiddle(world, first);
  if (kills > 0) {
    const second = startWorker(world, closers);
    screen.say(`  worker started again (process ${second.pid}): it takes up what was left`);
    await watch(world, second, async () => false);
  }
  const told = {
    kills,
    injected: injectedBy(world.models.values()),
    model: options.model ?? "simulated",
    ms: Date.now() - started,
  };
  const { store, business, payments, stop } = world;
  return makeReport({ cases, store, business, stats: await payments.stats(stop) }, told);
}

function startWorker(world: World, closers: Opening["closers"]): Child {
  const { folder, paymentsUrl, chat, options } = world;
  const worker = startChild("worker", {
    dir: folder.dir,
    paymentsUrl,
    chatUrl: chat?.url ?? "",
    model: options.model ?? "",
    concurrency: CONCURRENCY,
  });
  closers.push(() => end(worker));
  return worker;
}

/** D3. How often it was killed: 0 only when there was nothing left to kill it over. */
async function killInTheMiddle(world: World, worker: Child): Promise<number> {
  const { cases, screen, payments, stop } = world;
  const earliest = Math.floor(cases.length / 3);
  const latest = Math.floor((cases.length * 2) / 3);
  let holding = 0;
  const isTime = async (done: number): Promise<boolean> => {
    if (done < earliest) return false;
    const stats = await payments.stats(stop);
    holding = stats.holding;
    return holding > 0 || (done >= latest && stats.refundsApplied > 0);
  };
  const done = await watch(world, worker, isTime);
  if (worker.hasEnded()) return 0;
  worker.kill("SIGKILL");
  await worker.ended;
  screen.alarm(`  worker killed with SIGKILL (process ${worker.pid})`);
  screen.say(`  ${done} of ${cases.length} tickets were done; effects that were committed and`);
  screen.say(`  of which the worker had not heard: ${holding}`);
  return 1;
}

/** Until `isTime` says so or the worker has ended. How many tickets are done then. */
async function watch(
  world: World,
  worker: Child,
  isTime: (done: number) => Promise<boolean>,
): Promise<number> {
  const { store, cases, screen, stop, endBy } = world;
  for (;;) {
    const hasEnded = worker.hasEnded();
    const finished = await store.list({ status: "finished", limit: TICKETS_MAX });
    screen.progress(finished.length, cases.length);
    if (hasEnded) break;
    if (await isTime(finished.length)) return finished.length;
    if (Date.now() > endBy) {
      worker.kill("SIGKILL");
      screen.alarm("  The tickets take too long: the worker was stopped.");
      await worker.ended;
      continue;
    }
    await systemClock.sleep(LOOK_MS, stop);
  }
  const how = await worker.ended;
  if (how !== 0) screen.alarm(`  The worker ended early (${how}): see above for what it printed.`);
  return cases.length;
}

function conclude({ options, screen, folder }: World, report: Report): number {
  const isGood =
    report.effectsDoubled === 0 && report.runsLost === 0 && report.terminal === report.tickets;
  screen.say("");
  for (const line of reportTable(report)) screen.say(line);
  screen.say("");
  if (!isGood) screen.alarm("  This is not as promised: see the table.");
  if (folder.isKept) {
    screen.say(`The databases are in ${folder.dir}`);
    screen.say(`Look at the runs: bridle runs --store ${join(folder.dir, JOURNAL_FILE)}\n`);
  }
  if (options.model === undefined) for (const line of howToUseRealModel()) screen.say(line);
  if (options.json) process.stdout.write(`${JSON.stringify(report)}\n`);
  return isGood ? 0 : 1;
}
