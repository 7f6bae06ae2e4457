/**
 * A domain's written policy as an agent's: the Cedar files, what each tool acts on, and the facts,
 * computed from the run's own database, its calls and its talk at the moment of the decision.
 */
import { join } from "node:path";
import type { PolicySources } from "../../src/governance/policy/source.ts";
import { BridleError } from "../../src/std/error.ts";
import type { JsonObject } from "../../src/std/json.ts";
import { FACTS_SCHEMA as AIRLINE_FACTS } from "../policy/facts-schema.ts";
import { questionOf } from "../policy/facts.ts";
import type { Moment } from "../policy/moment.ts";
import { RESOURCE_SCHEMAS as AIRLINE_RESOURCES, resourceTypeOf } from "../policy/resource.ts";
import type { DeskCall } from "../tau/agent.ts";
import type { Db, DomainName } from "../tau/db.ts";
import type { Said } from "../tau/recorded.ts";
import {
  RETAIL_FACTS,
  RETAIL_RESOURCES,
  retailFacts,
  retailResource,
  retailTypeOf,
} from "./retail-facts.ts";

/** The state that a call meets. Nothing here changes it. */
export interface Met {
  readonly db: Db;
  readonly made: readonly DeskCall[];
  readonly talk: readonly Said[];
  readonly tool: string;
  readonly input: JsonObject;
}

export interface Resource {
  readonly id: string;
  readonly attributes: JsonObject;
}

export interface Rules {
  readonly policies: PolicySources;
  readonly factsSchema: JsonObject;
  /** The type of what a tool acts on, with the schema of its attributes; null for nothing. */
  readonly typeOf: (tool: string) => { readonly type: string; readonly schema: JsonObject } | null;
  /** Null when the call names nothing that exists. */
  readonly resourceOf: (met: Met) => Resource | null;
  readonly factsOf: (met: Met) => JsonObject;
  /** The customer that a run is for, as far as the request itself says; "" for nobody. */
  readonly principalOf: (db: Db, request: string) => string;
}

/**
 * The files of `proof/policy`, but for two: `confirm.cedar` puts writes to the customer, and here
 * nobody stands by whom the harness could ask; `style.cedar` is a draft that decides nothing.
 */
const AIRLINE: Rules = {
  policies: {
    files: ["bags", "book", "cancel", "change", "desk", "harness", "refund"].map(
      (name) => `${name}.cedar`,
    ),
    cwd: join(import.meta.dirname, "../policy/airline"),
  },
  factsSchema: AIRLINE_FACTS,
  typeOf: (tool) => {
    const type = resourceTypeOf(tool);
    return type === null ? null : { type, schema: AIRLINE_RESOURCES[type] };
  },
  resourceOf: (met) => questionOf(momentOf(met)).resource,
  factsOf: (met) => questionOf(momentOf(met)).facts,
  principalOf: (db, request) => {
    const talk: readonly Said[] = [{ by: "customer", text: request }];
    return questionOf(momentOf({ db, made: [], talk, tool: "", input: {} })).customer;
  },
};

/** In retail nobody has said who they are until the desk has looked them up. */
const RETAIL: Rules = {
  policies: { files: ["*.cedar"], cwd: join(import.meta.dirname, "retail") },
  factsSchema: RETAIL_FACTS,
  typeOf: (tool) => {
    const type = retailTypeOf(tool);
    return type === null ? null : { type, schema: RETAIL_RESOURCES[type] };
  },
  resourceOf: retailResource,
  factsOf: retailFacts,
  principalOf: () => "",
};

export const RULES: Readonly<Record<DomainName, Rules>> = { airline: AIRLINE, retail: RETAIL };

function momentOf({ db, ...met }: Met): Moment {
  if (db.kind === "airline") return { ...met, db, callsTogether: 1, spokeToo: false };
  throw new BridleError("invariant_broken", "The airline's rules were given another database.");
}
