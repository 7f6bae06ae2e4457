/**
 * The process that does the desk's work, and that the demo kills. It holds nothing that the next
 * one would miss: that one starts the same tickets under the same keys and goes on.
 */
import { join } from "node:path";
import { runPrefix } from "../../chaos/run-address.ts";
import { embedded } from "../../engines/embedded/embedded.ts";
import { harness } from "../../engines/embedded/harness.ts";
import type { JsonObject } from "../../std/json.ts";
import { sqlite } from "../../storage/sqlite/sqlite.ts";
import { sqliteTransactor } from "../../storage/sqlite/transactor.ts";
import { Business } from "./business.ts";
import { quietWarnings } from "../warnings.ts";
import { childOptions, reportReady } from "./child.ts";
import { refundDesk, ticketIdOf, type DeskParts } from "./desk.ts";
import { numberField, textField } from "./fields.ts";
import { BUSINESS_FILE, JOURNAL_FILE } from "./folder.ts";
import { connectPayments } from "./payments-client.ts";

async function main(): Promise<void> {
  const options = childOptions();
  const path = join(textField(options, "dir"), BUSINESS_FILE);
  const business = new Business(path);
  const transactor = sqliteTransactor(path);
  const payments = connectPayments(textField(options, "paymentsUrl"));
  const desk = refundDesk({ business, transactor, payments, model: modelOf(options) });
  const bridle = await harness({
    agents: [desk],
    store: sqlite(join(textField(options, "dir"), JOURNAL_FILE)),
    engine: embedded({ concurrency: numberField(options, "concurrency") }),
  });
  reportReady({ pid: process.pid });
  const runs = await Promise.all(
    business
      .tickets()
      .map((ticket) => bridle.start(desk, { input: ticket, idempotencyKey: ticket.ticketId })),
  );
  await Promise.all(runs.map((run) => run.outcome()));
  await bridle.close();
  transactor.close();
  business.close();
}

/** A real provider by its name, or each ticket's own address at the simulated one. */
function modelOf(options: JsonObject): DeskParts["model"] {
  const name = textField(options, "model");
  if (name !== "") return name;
  const url = textField(options, "chatUrl");
  return (run) => ({
    baseURL: `${url}${runPrefix(ticketIdOf(run))}/v1`,
    modelId: "simulated",
  });
}

quietWarnings();
await main();
// The channel to the parent would keep the process.
process.exit(0);
