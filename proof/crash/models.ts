/** What the models of the killed runs do, turn by turn. They stand behind the chaos server. */
import { oracleModel, scriptedModel, type ChatModel } from "../../src/chaos/door.ts";
import type { JsonObject } from "../../src/std/json.ts";
import type { ScriptName } from "./scenario.ts";

const models: { readonly [name in ScriptName]: (tag: string) => ChatModel } = {
  "slow reads": slowReads,
  "three payments": threePayments,
  "lost answer": lostPayment,
  "lost answer, settled": lostAndSettled,
};

/** A fresh model for the run of this tag. */
export function modelOf(script: ScriptName, tag: string): ChatModel {
  return models[script](tag);
}

/** The first read outlives the first extension of a short lease. */
function slowReads(tag: string): ChatModel {
  return scriptedModel(
    [
      { call: { name: "balance", arguments: { delayMs: 400 } } },
      { calls: [balance(), balance()] },
      { text: "Done." },
    ],
    tag,
  );
}

/** A read, a payment alone, two payments side by side. */
function threePayments(tag: string): ChatModel {
  return scriptedModel(
    [
      { call: balance() },
      { call: pay(`${tag}/a`) },
      { calls: [pay(`${tag}/b`), pay(`${tag}/c`, { delayMs: 40 })] },
      { text: "Done." },
    ],
    tag,
  );
}

/** The payment is made and its answer never arrives. */
function lostPayment(tag: string): ChatModel {
  return scriptedModel([{ call: pay(`${tag}/a`, { loses: true }) }, { text: "Done." }], tag);
}

/** The same with a model that pays again when it is told that the payment did not happen. */
function lostAndSettled(tag: string): ChatModel {
  return oracleModel({
    key: tag,
    actions: [
      { name: "balance", arguments: {} },
      { name: "pay", arguments: { reference: `${tag}/a`, cents: 500, loses: true } },
    ],
    finalText: "Done.",
    isRetryable: (text) => text.includes("did not happen"),
  });
}

function balance(): { readonly name: string; readonly arguments: JsonObject } {
  return { name: "balance", arguments: {} };
}

function pay(reference: string, more: JsonObject = {}): ReturnType<typeof balance> {
  return { name: "pay", arguments: { reference, cents: 500, ...more } };
}
