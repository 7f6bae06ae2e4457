/** Verdicts as a child process sends them: one line of JSON, read with distrust. */
import type { Json } from "../../src/std/json.ts";
import { expectList, expectNumber, expectObject, expectText } from "../tau/shape.ts";
import { ENDINGS, type Verdict } from "./verdict.ts";

export function readVerdicts(line: Json): readonly Verdict[] {
  return expectList(line, "verdicts").map(readVerdict);
}

function readVerdict(value: Json): Verdict {
  const given = expectObject(value, "verdict");
  const text = (name: string): string => expectText(given[name], name);
  const count = (name: string): number => expectNumber(given[name], name);
  const texts = (name: string): readonly string[] =>
    expectList(given[name], name).map((each) => expectText(each, name));
  return {
    task: text("task"),
    arm: text("arm"),
    rate: count("rate"),
    seed: count("seed"),
    domain: text("domain"),
    ending: ENDINGS.find((ending) => ending === given["ending"]) ?? null,
    isRight: given["isRight"] === true,
    writes: count("writes"),
    wrongWrites: count("wrongWrites"),
    requests: count("requests"),
    reason: text("reason"),
    deniedRight: texts("deniedRight"),
    deniedWrong: texts("deniedWrong"),
  };
}
