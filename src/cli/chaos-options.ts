/** What `bridle chaos` and `bridle chaos tools` are told in the same words. */
import type { Command } from "commander";
import { amountOf, countOf, many, portOf, rateOf, seedOf, withJson } from "./options.ts";

export interface CommonOptions {
  readonly fault?: readonly string[];
  /** A share, 0 to 1. */
  readonly rate?: number;
  readonly seed?: number;
  readonly list?: boolean;
  readonly host?: string;
  readonly port?: number;
  /** Seconds. */
  readonly for?: number;
  readonly requests?: number;
  readonly json?: boolean;
}

export function withChaos(command: Command): Command {
  return withJson(command)
    .option(
      "--fault <spec>",
      "a fault by name: NAME or NAME:ARGUMENT, and behind it @2, *3 or %10; may be repeated",
      many,
    )
    .option("--rate <share>", "of the requests that meet a fault: 0.05, or 5%", rateOf)
    .option("--seed <number>", "the same seed strikes the same requests; 1 when left out", seedOf)
    .option("--list", "tell every fault, and end")
    .option("--port <port>", "any free one when left out", portOf)
    .option("--host <host>", "127.0.0.1 when left out")
    .option("--for <seconds>", "end after so long", amountOf)
    .option("--requests <count>", "end after so many requests", countOf);
}

/** What is told below the options; `counted` says of what @2 is the second. */
export function timesText(counted: string): string {
  return `A fault's time: NAME is every request, NAME@2 the second ${counted}, NAME*3 the first
three, and NAME%10 ten in a hundred by seeded chance; NAME*3%10 is ten in a hundred of the first
three. With --rate, faults that name no time of their own share it: a request meets one of them.`;
}
