/**
 * The harness: accepts work, hands it to the engine, answers for its outcome.
 *
 * A1 `start` resolves after the run is durable, never before.
 * A2 The same idempotency key of the same tenant gives the same run; with other work it is an
 *    error. Tenants do not meet in a key.
 * A3 Runs that an earlier process left behind are taken up from the first moment on.
 */
import type { Person } from "../governance/approval.ts";
import type { Delta } from "../generation/model.ts";
import type { NamedRoutes } from "../generation/prepare-routes.ts";
import { checkModelRetry } from "../generation/check-retry.ts";
import type { ModelRetry } from "../generation/retry.ts";
import { foldEvent } from "../journal/fold.ts";
import { emptyRun } from "../journal/run.ts";
import type { JournalStore, RunFilter, RunRow } from "../journal/store.ts";
import { systemClock, type Clock } from "../std/clock.ts";
import { BridleError } from "../std/error.ts";
import { newId } from "../std/ids.ts";
import type { Json } from "../std/json.ts";
import { didYouMean } from "../std/suggest.ts";
import { checkInput, createdEvent, requestHashOf, type StartOptions } from "./accept.ts";
import type { Agent, AgentDefinition } from "./agent.ts";
import { prepareAgent } from "./prepare-agent.ts";
import { checkApprovers } from "./approvers.ts";
import { Circuits } from "./circuits.ts";
import type { Engine, Serving } from "./engine.ts";
import { agentProgram } from "./loop.ts";
import { prepareGoverning, type GovernanceOptions } from "./governing.ts";
import { thisOwner } from "./owner.ts";
import { Run } from "./run-handle.ts";
import { Slots } from "./slots.ts";
import { Waiters } from "./waiters.ts";
import { Worker } from "./worker.ts";

export interface HarnessOptions extends GovernanceOptions {
  readonly agents: readonly AgentDefinition[];
  readonly store: JournalStore;
  readonly engine: Engine;
  readonly clock?: Clock;
  /** Where policy files are looked for. Default: the process's folder. */
  readonly cwd?: string;
  /** How long a silent worker keeps a run from others, ms. Default 10,000. */
  readonly leaseMs?: number;
  /** False: only starts and asks; another process does the work. */
  readonly work?: boolean;
  readonly modelRetry?: Partial<ModelRetry>;
  /** Routes that agents share: an agent says `model: "route:NAME"`. */
  readonly routes?: NamedRoutes;
  /** Pieces of streamed answers, for showing only. */
  readonly onDelta?: (runId: string, delta: Delta) => void;
  /** Runs that could not be advanced; they are tried again. Default: one line on stderr. */
  readonly onProblem?: (runId: string, thrown: unknown) => void;
}

/** How long stopped runs may take to let go, ms. */
const UNWIND_MS = 2_000;

export class Harness {
  readonly store: JournalStore;
  readonly #agents: ReadonlyMap<string, Agent>;
  readonly #clock: Clock;
  readonly #leaseMs: number;
  readonly #owner: string;
  readonly #worker: Worker;
  readonly #serving: Serving | null;
  readonly #waiters: Waiters;
  readonly #people: readonly Person[];
  readonly #sealSecret: string | undefined;
  /** Runs on their way into the journal that were promised room. */
  #starting = 0;

  constructor(options: HarnessOptions, agents: ReadonlyMap<string, Agent>) {
    this.store = options.store;
    this.#agents = agents;
    this.#clock = options.clock ?? systemClock;
    this.#leaseMs = options.leaseMs ?? 10_000;
    this.#people = options.people ?? [];
    this.#sealSecret = options.sealSecret;
    this.#owner = thisOwner(this.#clock.now());
    this.#waiters = new Waiters({
      store: options.store,
      isHere: (runId) => this.#worker.holds(runId),
    });
    this.#worker = new Worker({
      store: options.store,
      clock: this.#clock,
      owner: this.#owner,
      leaseMs: this.#leaseMs,
      programs: programsOf(options, agents),
      onFinished: (state) => this.#waiters.settle(state),
    });
    this.#serving = options.work === false ? null : this.#serve(options);
  }

  /** Accepts a piece of work. Durable when it resolves. */
  async start<Input = Json>(
    agent: string | AgentDefinition<Input>,
    options: StartOptions<Input>,
  ): Promise<Run> {
    const prepared = this.#agent(typeof agent === "string" ? agent : agent.name);
    const input = await checkInput(prepared, options.input);
    const at = this.#clock.now();
    const runId = newId(at);
    const created = await createdEvent({ agent: prepared, runId, input, options });
    const lane = options.principal?.tenant ?? options.principal?.id ?? prepared.name;
    const { idempotencyKey } = options;
    const requestHash = requestHashOf(prepared, input, options);
    const until = at + this.#leaseMs;
    const hasRoom = (this.#serving?.room() ?? 0) > this.#starting;
    if (hasRoom) this.#starting += 1;
    try {
      const made = await this.store.create({
        runId,
        agent: prepared.name,
        lane,
        ...(idempotencyKey === undefined ? {} : { idempotencyKey: tenantKey(options) }),
        requestHash,
        created,
        at,
        ...(hasRoom ? { lease: { owner: this.#owner, until } } : {}),
      });
      if (made.kind === "exists") return this.#existing(made, requestHash, idempotencyKey);
      if (made.fence !== null) {
        const state = foldEvent(emptyRun(runId), { ...created, seq: 1, at });
        this.#worker.adopt(made.fence, { ...state, hash: made.hash }, until);
      }
    } finally {
      if (hasRoom) this.#starting -= 1;
    }
    this.#serving?.wake({ runId, lane });
    return this.#handle(runId);
  }

  /** A run by its id. Throws `run_unknown` when the journal has none. */
  async run(runId: string): Promise<Run> {
    if ((await this.store.get(runId)) !== undefined) return this.#handle(runId);
    throw new BridleError("run_unknown", `No run "${runId}" in this journal`, {
      hint: "List the runs with `bridle runs`.",
    });
  }

  runs(filter?: RunFilter): Promise<readonly RunRow[]> {
    return this.store.list(filter);
  }

  /**
   * Stops taking work and waits until what runs has reached a boundary, at most `ms`. What is
   * still open then goes on in the next process; who waits here for its outcome is told so with
   * `aborted`. The store stays open.
   */
  async drain(ms = 30_000): Promise<{ readonly left: number }> {
    this.#worker.startDraining();
    const drained = (await this.#serving?.drain(ms)) ?? { left: 0 };
    await this.#worker.abandon();
    // What was stopped gives its lease back before the store may close.
    await this.#serving?.drain(UNWIND_MS);
    this.#waiters.stop();
    return drained;
  }

  /** Drains and closes the store. */
  async close(drainMs?: number): Promise<void> {
    await this.drain(drainMs);
    await this.store.close();
  }

  #serve(options: HarnessOptions): Serving {
    return options.engine.serve({
      owner: this.#owner,
      store: options.store,
      now: () => this.#clock.now(),
      advance: (runId, takeFromEpoch) => this.#worker.advance(runId, takeFromEpoch),
      onProblem: (runId, thrown) => report(options.onProblem ?? warn, runId, thrown),
    });
  }

  #agent(name: string): Agent {
    const known = this.#agents.get(name);
    if (known !== undefined) return known;
    throw new BridleError("agent_unknown", `There is no agent "${name}"`, {
      hint: didYouMean(name, [...this.#agents.keys()]),
    });
  }

  #handle(runId: string): Run {
    return new Run({
      runId,
      store: this.store,
      now: () => this.#clock.now(),
      people: this.#people,
      sealSecret: this.#sealSecret,
      waiters: this.#waiters,
      posted: () => this.#posted(runId),
    });
  }

  /** Whoever holds the run looks at once; a run that nobody holds is taken up at once. */
  async #posted(runId: string): Promise<void> {
    if (await this.#worker.noteMail(runId)) return;
    this.#serving?.wake({ runId, lane: runId });
  }

  #existing(
    made: { readonly runId: string; readonly requestHash: string },
    requestHash: string,
    key = "",
  ): Run {
    if (made.requestHash === requestHash) return this.#handle(made.runId);
    throw new BridleError(
      "idempotency_mismatch",
      `The idempotency key "${key}" belongs to run ${made.runId}, which has other work`,
      { hint: "Use a new key for new work; the same key only for the same agent and input." },
    );
  }
}

/** Prepares every agent, then begins to work: what earlier processes left is taken up at once. */
export async function createHarness(options: HarnessOptions): Promise<Harness> {
  const agents = new Map<string, Agent>();
  for (const definition of options.agents) {
    if (agents.has(definition.name)) {
      throw new BridleError("agent_invalid", `Two agents are named "${definition.name}"`, {
        hint: "Give each agent a name of its own.",
      });
    }
    agents.set(definition.name, await prepareAgent(definition, options));
  }
  return new Harness(options, agents);
}

function programsOf(
  options: HarnessOptions,
  agents: ReadonlyMap<string, Agent>,
): Map<string, ReturnType<typeof agentProgram>> {
  const slots = new Slots();
  const { modelRetry, onDelta } = options;
  const governing = prepareGoverning(options);
  checkApprovers(agents.values(), governing.people);
  const circuits = new Circuits(options.store, options.clock ?? systemClock);
  const loop = {
    governing,
    slots,
    circuits,
    ...(modelRetry === undefined ? {} : { retry: checkModelRetry(modelRetry) }),
    ...(onDelta === undefined ? {} : { onDelta }),
  };
  return new Map([...agents].map(([name, agent]) => [name, agentProgram(agent, loop)]));
}

const TENANT_KEY = "tenant:";

/** The store's keys are one space for all tenants; a run of no tenant keeps its key as it is. */
function tenantKey(options: Pick<StartOptions, "principal" | "idempotencyKey">): string {
  const { principal, idempotencyKey = "" } = options;
  const tenant = principal?.tenant;
  if (tenant === undefined && !idempotencyKey.startsWith(TENANT_KEY)) return idempotencyKey;
  return `${TENANT_KEY}${encodeURIComponent(tenant ?? "")}/${idempotencyKey}`;
}

/** Whoever is told of a problem cannot add one. */
function report(
  tell: (runId: string, thrown: unknown) => void,
  runId: string,
  thrown: unknown,
): void {
  try {
    const told: unknown = tell(runId, thrown);
    // An async function is one that returns nothing, too.
    if (told instanceof Promise) told.catch((failure: unknown) => warn(runId, failure));
  } catch (failure) {
    warn(runId, failure);
  }
}

function warn(runId: string, thrown: unknown): void {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  process.stderr.write(`bridle: run ${runId} could not go on: ${message}\n`);
}
