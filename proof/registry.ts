import { ablationProof } from "./ablation/prove.ts";
import { approvalsProof } from "./approvals/prove.ts";
import { attacksProof } from "./attacks/prove.ts";
import { budgetProof } from "./budget/prove.ts";
import { cedarProof } from "./cedar/prove.ts";
import { crashProof } from "./crash/prove.ts";
import { noninterferenceProof } from "./noninterference/prove.ts";
import { policyProof } from "./policy/prove.ts";
import { raceProof } from "./race/prove.ts";
import { tauProof } from "./tau/prove.ts";
import { verdictsProof } from "./verdicts/prove.ts";
import { wireProof } from "./wire/prove.ts";
import type { Proof } from "./proof.ts";

/** Every proof there is. To add one: import it and name it here. */
export const proofs: readonly Proof[] = [
  ablationProof,
  approvalsProof,
  attacksProof,
  budgetProof,
  cedarProof,
  crashProof,
  noninterferenceProof,
  policyProof,
  raceProof,
  tauProof,
  verdictsProof,
  wireProof,
];
