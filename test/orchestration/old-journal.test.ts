import { expect, test } from "vitest";
import type { JournalEvent } from "../../src/journal/event.ts";
import { foldEvents } from "../../src/journal/fold.ts";
import { PromptView } from "../../src/orchestration/prompt-view.ts";
import { modelOf } from "./world.ts";

const limits = { turnsMax: 9, callsMax: 9, tokensMax: 1_000, wallMs: 1_000 };

/** As it was written before answers named their route. */
const events: readonly JournalEvent[] = [
  {
    kind: "run.created",
    seq: 1,
    at: 1,
    runId: "r1",
    agent: "worker",
    fingerprints: {},
    input: "go",
    limits,
    prompt: "go",
  },
  {
    kind: "model.answered",
    seq: 2,
    at: 2,
    content: [
      {
        type: "reasoning",
        text: "hm",
        providerOptions: { anthropic: { signature: "signed-by-another" } },
      },
      { type: "text", text: "Let me see." },
      { type: "tool-call", toolCallId: "toolu_1", toolName: "look", input: {} },
    ],
    model: "anthropic.messages/claude-sonnet-5",
    ms: 1,
    turn: 1,
    usage: {},
  },
  { kind: "call.completed", seq: 3, at: 3, callId: "t1c0", ms: 1, output: "fine" },
];

test("an old run that goes on with another provider does not send it what it cannot read", () => {
  const state = foldEvents("r1", events);
  const model = modelOf();
  const prompts = ["anthropic.messages", "played"].map((provider) => {
    const name = `${provider}/model`;
    const route = { name, scope: `model/${name}`, provider, model };
    return JSON.stringify(new PromptView().of("Work.", state, route));
  });
  const [own = "", other = ""] = prompts;
  expect(own).toContain("signed-by-another");
  expect(other).not.toContain("signed-by-another");
  for (const prompt of prompts) {
    for (const kept of ["Let me see.", "look", "fine"]) expect(prompt).toContain(kept);
  }
});

test("its answers have a maker, and the next one names its own route", () => {
  const asked = "played/model";
  const more: JournalEvent = {
    kind: "model.answered",
    seq: 4,
    at: 4,
    asked,
    content: [{ type: "text", text: "Done." }],
    model: asked,
    ms: 1,
    turn: 2,
    usage: {},
  };
  const state = foldEvents("r1", [...events, more]);
  expect(state.makers).toEqual([
    { from: 1, asked: "anthropic.messages/claude-sonnet-5" },
    { from: 3, asked },
  ]);
  expect(foldEvents("r1", events).asked).toBeNull();
  expect(state.asked).toBe(asked);
});
