/**
 * This harness as one of the loops that are compared: one for all tasks, over a journal in SQLite,
 * with the model's address as its user would give it, and retries as they are when nothing is set.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { agent, embedded, harness, once, read, ToolError } from "../../../src/index.ts";
import type {
  AgentDefinition,
  CompatibleModel,
  ToolContext,
  ToolDefinition,
} from "../../../src/index.ts";
import type { Outcome } from "../../../src/journal/outcome.ts";
import { BridleError } from "../../../src/std/error.ts";
import { isJsonObject, type Json, type JsonObject } from "../../../src/std/json.ts";
import { sqlite } from "../../../src/storage/sqlite/door.ts";
import type { Domain } from "../../tau/data.ts";
import { ToolRefusal } from "../../tau/tool.ts";
import type { WireDesk } from "../desk.ts";
import { MODEL_ID, TURNS_MAX, type Peer } from "../peers/peer.ts";
import type { Claim } from "../score.ts";

export interface OpenPeer {
  readonly peer: Peer;
  close(): Promise<void>;
}

interface TaskInput {
  readonly baseURL: string;
  readonly request: string;
}

/** Where a run finds the desk that it works at; a tool may ask before the run is seated. */
interface Seats {
  seat(runId: string, desk: WireDesk): void;
  of(runId: string): Promise<WireDesk>;
}

export async function openBridle(given: {
  readonly domains: readonly Domain[];
  readonly streams: boolean;
  readonly concurrency: number;
  readonly patienceMs: number;
}): Promise<OpenPeer> {
  const { domains, streams, concurrency, patienceMs } = given;
  const seats = openSeats();
  const agents = new Map(
    domains.map((domain) => [domain.name, deskAgent(domain, { seats, streams })]),
  );
  const folder = mkdtempSync(join(tmpdir(), "bridle-wire-"));
  const bridle = await harness({
    agents: [...agents.values()],
    store: sqlite(join(folder, "journal.db")),
    engine: embedded({ concurrency }),
    modelRetry: { timeoutMs: patienceMs, firstByteMs: patienceMs, idleMs: patienceMs },
  });
  const play: Peer["play"] = async (desk, { baseURL, signal }) => {
    const definition = agents.get(desk.task.domain);
    if (definition === undefined) throw new BridleError("input_invalid", "no such domain");
    const input = { baseURL, request: desk.prompt };
    const run = await bridle.start(definition, { input });
    seats.seat(run.runId, desk);
    const stop = (): void => void run.cancel();
    signal.addEventListener("abort", stop, { once: true });
    try {
      return claimOf(await run.outcome());
    } finally {
      signal.removeEventListener("abort", stop);
    }
  };
  return {
    peer: {
      name: streams ? "Bridle stream" : "Bridle",
      version: bridleVersion(),
      settings: "as they are when nothing is set; writes declared once, reads read",
      play,
    },
    close: async () => {
      await bridle.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function claimOf({ kind, reason }: Outcome): Claim {
  if (kind === "succeeded") return { claimedDone: true };
  return { claimedDone: false, error: `${kind}: ${reason.message}` };
}

function bridleVersion(): string {
  const manifest: { readonly version?: string } = JSON.parse(
    readFileSync(new URL("../../../package.json", import.meta.url), "utf8"),
  );
  return `bridle ${manifest.version ?? "unknown"}`;
}

function openSeats(): Seats {
  const seats = new Map<string, PromiseWithResolvers<WireDesk>>();
  const seatOf = (runId: string): PromiseWithResolvers<WireDesk> => {
    const seat = seats.get(runId) ?? Promise.withResolvers<WireDesk>();
    seats.set(runId, seat);
    return seat;
  };
  return {
    seat: (runId, desk) => seatOf(runId).resolve(desk),
    of: (runId) => seatOf(runId).promise,
  };
}

function deskAgent(
  domain: Domain,
  { seats, streams }: { readonly seats: Seats; readonly streams: boolean },
): AgentDefinition<TaskInput> {
  return agent<TaskInput>({
    name: `desk-${domain.name}`,
    model: ({ input }) => modelAt(addressIn(input)),
    stream: streams,
    instructions: domain.policy,
    prompt: ({ request }) => request,
    tools: Object.fromEntries(domain.tools.map((tool) => [tool.name, bind(tool, seats)])),
    limits: { turnsMax: TURNS_MAX, callsMax: 2 * TURNS_MAX },
  });
}

/**
 * The simulated provider has limits for each task alone, as for customers of their own. This harness
 * takes one name at one host for one model whose limits all runs share, so each task's has its own.
 */
function modelAt(baseURL: string): CompatibleModel {
  return { baseURL, modelId: `${MODEL_ID}-${new URL(baseURL).pathname.split("/")[2] ?? ""}` };
}

function addressIn(input: Json): string {
  const baseURL = isJsonObject(input) ? input["baseURL"] : undefined;
  return typeof baseURL === "string" ? baseURL : "";
}

function bind(tool: Domain["tools"][number], seats: Seats): ToolDefinition<JsonObject, Json> {
  return {
    description: tool.description,
    inputSchema: tool.parameters,
    effect: tool.effect === "read" ? read() : once(),
    execute: async (input: JsonObject, { runId }: ToolContext) => {
      const desk = await seats.of(runId);
      const own = desk.tools.find(({ name }) => name === tool.name);
      try {
        return own?.run(input) ?? null;
      } catch (thrown) {
        // A refused call has changed nothing, and its author says so.
        if (!(thrown instanceof ToolRefusal)) throw thrown;
        throw new ToolError(thrown.message, { cause: thrown });
      }
    },
  };
}
