/** What survives the kills: the outside service, the models' server, and what each run was told. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startWireServer, type ChatModel, type ChatRequest } from "../src/chaos/door.ts";
import { endChildren } from "./child.ts";
import { startLedger, type Ledger } from "./ledger/ledger.ts";

export interface World {
  readonly ledger: Ledger;
  /** A folder that `close` removes. */
  readonly folder: string;
  /** Of the models' server, without a path. */
  readonly modelRoot: string;
  /** Puts a model behind an address of its own and returns the base URL. */
  addModel(tag: string, model: ChatModel): string;
  /** Every text that the model of this tag was given as a tool's result. */
  toolResults(tag: string): ReadonlySet<string>;
  /** Forgets the model of a tag and what it was told. */
  dropModel(tag: string): void;
  close(): Promise<void>;
}

/**
 * Longer than the time that receipts wait to ride with the next commit, so that a run makes the
 * same appends every time.
 */
const MODEL_LATENCY_MS = 40;

export async function openWorld(latencyMs: number = MODEL_LATENCY_MS): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), "bridle-proof-"));
  const models = new Map<string, ChatModel>();
  const told = new Map<string, Set<string>>();
  const chat = await startWireServer({
    latencyMs,
    models: (tag) => models.get(tag),
    onRequest: ({ runKey, request }) => note(told.get(runKey), request),
  });
  const ledger = await startLedger(folder);
  return {
    ledger,
    folder,
    modelRoot: chat.url,
    addModel: (tag, model) => {
      models.set(tag, model);
      told.set(tag, new Set());
      return chat.urlFor(tag);
    },
    toolResults: (tag) => told.get(tag) ?? new Set(),
    dropModel: (tag) => {
      models.delete(tag);
      told.delete(tag);
    },
    close: async () => {
      await endChildren();
      await chat.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function note(told: Set<string> | undefined, request: ChatRequest): void {
  for (const message of request.messages) if (message.role === "tool") told?.add(message.text);
}
