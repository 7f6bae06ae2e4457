import { crashProof } from "./crash/prove.ts";
import type { Proof } from "./proof.ts";
import { raceProof } from "./race/prove.ts";
import { tauProof } from "./tau/prove.ts";
import { verdictsProof } from "./verdicts/prove.ts";

/** Every proof there is. To add one: import it and name it here. */
export const proofs: readonly Proof[] = [crashProof, raceProof, tauProof, verdictsProof];
