import type { WireDesk } from "../desk.ts";
import type { Claim } from "../score.ts";

/** Where and how long a peer plays. */
export interface PlayAt {
  /** An OpenAI-compatible address of this task's model; it ends in `/v1`. */
  readonly baseURL: string;
  /** How long one request, or a stream between two of its events, may be silent, ms. */
  readonly patienceMs: number;
  /** The end of anybody's patience with the task as a whole. */
  readonly signal: AbortSignal;
}

/**
 * Another agent loop, set up as its documentation says is best for such work, and with whatever a
 * user of it would add in ten lines.
 */
export interface Peer {
  /** Short, as a table's row is named. */
  readonly name: string;
  /** The package and its version as installed. */
  readonly version: string;
  /** The settings that matter here, for whoever reads the table. */
  readonly settings: string;
  /** Never throws: how the loop ended is its claim. */
  play(desk: WireDesk, at: PlayAt): Promise<Claim>;
}

/** Every model here is named alike; what stands behind the address decides. */
export const MODEL_ID = "tau";

/** The server asks for none; the clients want one. */
export const API_KEY = "none";

/** Turns in which the longest task, with errors, is played several times over. */
export const TURNS_MAX = 150;

/** As in the settings that the AI SDK's documentation shows; the others get the same. */
export const RETRIES_MAX = 5;
