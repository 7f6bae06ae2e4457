import { describe, expect, test } from "vitest";
import { once } from "../../src/index.ts";
import { JSON_DEPTH_MAX, type Json } from "../../src/std/json.ts";
import { agentOf, eventsOf, modelOf, play, resultsIn, toolOf } from "./world.ts";

function nested(levels: number): Json {
  let value: Json = "deep";
  for (let n = 0; n < levels; n++) value = [value];
  return value;
}

describe("values that are nested deep", () => {
  test("are kept up to the limit, as arguments, as results and as input", async () => {
    const input = { value: nested(JSON_DEPTH_MAX - 1) };
    const model = modelOf({ calls: [{ tool: "echo", input }] });
    const echo = toolOf({ execute: () => nested(JSON_DEPTH_MAX) });
    const { outcome, events, problems } = await play(
      agentOf(model, { tools: { echo } }),
      {},
      input,
    );
    expect(outcome.kind).toBe("succeeded");
    expect(problems).toEqual([]);
    expect(eventsOf(events, "run.created")[0]?.input).toEqual(input);
    expect(eventsOf(events, "call.completed")[0]?.output).toEqual(nested(JSON_DEPTH_MAX));
  });

  test("over the limit as arguments are an observation, and the run goes on", async () => {
    const text = `{"value":${"[".repeat(5_000)}${"]".repeat(5_000)}}`;
    const model = modelOf({ calls: [{ tool: "pay", text }] });
    let paid = 0;
    const pay = toolOf({ effect: once(), execute: () => ++paid });
    const { outcome, events, problems } = await play(agentOf(model, { tools: { pay } }));
    expect(outcome.kind).toBe("succeeded");
    expect(problems).toEqual([]);
    expect(paid).toBe(0);
    expect(eventsOf(events, "call.refused")[0]?.code).toBe("malformed");
    expect(model.requests).toHaveLength(2);
    expect(resultsIn(model, 1)).toHaveLength(1);
  });
});
