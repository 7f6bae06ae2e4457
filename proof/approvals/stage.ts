/** One attack's own journal and harness, with a payment that waits for somebody's yes. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { scriptedModel } from "../../src/chaos/door.ts";
import { embedded, harness, isBridleError, type Harness, type Run } from "../../src/index.ts";
import type { JournalEvent } from "../../src/journal/event.ts";
import type { HeldApproval } from "../../src/journal/run.ts";
import { errorMessage } from "../../src/std/error.ts";
import type { Json } from "../../src/std/json.ts";
import { sqlite, type SqliteJournal } from "../../src/storage/sqlite/door.ts";
import type { World } from "../world.ts";
import { paymentDesk, paymentSteps, usualTerms, type Terms } from "./desk.ts";

/** A run is where an attack wants it within this, ms; else the proof could not be carried out. */
const PATIENCE_MS = 15_000;

interface Held {
  readonly store: SqliteJournal;
  readonly harness: Harness;
}

export class Stage {
  readonly tag: string;
  readonly folder: string;
  /** What was said to whoever tried. */
  readonly said: string[] = [];
  readonly #world: World;
  readonly #runIds: string[] = [];
  #terms: Terms;
  #held: Held | null = null;
  #forged = 0;

  constructor(world: World, tag: string, terms: Partial<Terms>) {
    this.tag = tag;
    this.#world = world;
    this.#terms = { ...usualTerms, ...terms };
    this.folder = join(world.folder, tag);
    world.addModel(tag, scriptedModel(paymentSteps(tag, this.#terms.turns)));
  }

  get store(): SqliteJournal {
    return this.#here().store;
  }

  /** Where its model and its ledger are. */
  get places(): { readonly modelUrl: string; readonly ledgerUrl: string } {
    const { modelRoot, ledger } = this.#world;
    return { modelUrl: `${modelRoot}/r/${this.tag}/v1`, ledgerUrl: ledger.url };
  }

  /** Begins to work, under these terms from now on. `work: false` only looks and posts. */
  async open(change: Partial<Terms> = {}, work = true): Promise<void> {
    await mkdir(this.folder, { recursive: true });
    this.#terms = { ...this.#terms, ...change };
    const { people, decide, sealSecret } = this.#terms;
    const store = sqlite(join(this.folder, "journal.db"));
    const made = await harness({
      agents: [paymentDesk(this.#terms, this.places)],
      store,
      engine: embedded({ pollMs: 20 }),
      people,
      decide,
      work,
      ...(sealSecret === null ? {} : { sealSecret }),
    });
    this.#held = { store, harness: made };
  }

  async close(): Promise<void> {
    const held = this.#held;
    this.#held = null;
    await held?.harness.close(2_000);
  }

  /** Another process goes on with the same journal. */
  async reopen(change: Partial<Terms> = {}, work = true): Promise<void> {
    await this.close();
    await this.open(change, work);
  }

  /** Starts a run and waits until it asks. */
  async start(principal: Terms["principal"] = this.#terms.principal): Promise<Run> {
    const { harness: made } = this.#here();
    const run = await made.start("payments", { input: "pay", principal });
    this.#runIds.push(run.runId);
    await this.questions(run.runId);
    return run;
  }

  /** Takes a run over that another process began. */
  adopt(runId: string): void {
    this.#runIds.push(runId);
  }

  /** The n-th run, as the harness of now holds it. */
  run(nth = 0): Promise<Run> {
    return this.#here().harness.run(this.#runIds[nth] ?? "");
  }

  /** What a run asks, once it waits. */
  async questions(runId: string = this.#runIds[0] ?? ""): Promise<readonly HeldApproval[]> {
    await this.quiet(runId);
    return (await this.#here().harness.run(runId)).approvals();
  }

  async question(nth = 0, runId?: string): Promise<HeldApproval> {
    const question = (await this.questions(runId))[nth];
    if (question === undefined) throw new Error(`${this.tag}: nothing is asked`);
    return question;
  }

  /** Says something through the front door; what is refused there is noted. */
  async attempt(act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (thrown) {
      if (!isBridleError(thrown)) throw thrown;
      this.said.push(`at the door: ${errorMessage(thrown)}`);
    }
  }

  /** Writes a vote straight into the store, past every check at the door. */
  async forge(
    body: Json,
    given: { readonly runId?: string; readonly at?: number } = {},
  ): Promise<void> {
    const { runId = this.#runIds[0] ?? "", at = Date.now() } = given;
    this.#forged += 1;
    const key = `forged:${this.#forged}`;
    await this.store.post(runId, { kind: "vote", key, body, at });
  }

  /** Resolves when nobody works on a run and everything posted to it has been read. */
  async quiet(runId: string = this.#runIds[0] ?? ""): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const row = await this.store.get(runId);
      const { inboxSeen } = await (await this.#here().harness.run(runId)).state();
      const mail = await this.store.inbox(runId, inboxSeen);
      if (row?.status === "finished") return;
      if (row?.status === "parked" && row.lease === null && mail.length === 0) return;
      if (Date.now() > deadline) throw new Error(`${this.tag}: the run does not come to rest`);
      await sleep(5);
    }
  }

  /** Ends every run, whatever it waits for. */
  async end(): Promise<void> {
    for (const [nth] of this.#runIds.entries()) {
      await this.quiet(this.#runIds[nth]);
      const run = await this.run(nth);
      await run.cancel().catch(ignoreEnded);
      await run.outcome();
    }
  }

  /** What the journals say was refused, asked anew, or let through. */
  async journaled(): Promise<readonly string[]> {
    const told: string[] = [];
    for (const [nth] of this.#runIds.entries()) {
      told.push(...tell(await (await this.run(nth)).events()));
    }
    return told;
  }

  /** Effects that reached the outside. */
  async applied(): Promise<number> {
    const counts = await this.#world.ledger.count(`${this.tag}/`);
    return counts.reduce((sum, { applied }) => sum + applied, 0);
  }

  #here(): Held {
    if (this.#held === null) throw new Error(`${this.tag}: nobody is there`);
    return this.#held;
  }
}

function ignoreEnded(thrown: unknown): void {
  if (!isBridleError(thrown, "run_terminal")) throw thrown;
}

/** What of a journal says how far an attack came. */
function tell(events: readonly JournalEvent[]): readonly string[] {
  const told: string[] = [];
  const asked = new Set<string>();
  for (const event of events) {
    if (event.kind === "inbox.refused") told.push(`by the writer: ${event.reason}`);
    if (event.kind === "call.refused") told.push(`before the call: ${event.observation}`);
    if (event.kind !== "approval.requested") continue;
    if (asked.has(event.callId)) told.push(`asked anew: ${event.question}`);
    asked.add(event.callId);
  }
  const claims = events.filter(({ kind }) => kind === "call.claimed").length;
  const calls = events.filter(({ kind }) => kind === "call.completed").length;
  return [...told, `in the journal: ${claims} claims, ${calls} completed`];
}
