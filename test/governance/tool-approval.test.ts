import {
  tool as sdkTool,
  type ToolApprovalConfiguration,
  type ToolApprovalStatus as SdkStatus,
} from "ai";
import { describe, expect, expectTypeOf, test } from "vitest";
import { z } from "zod";
import {
  toolApproval,
  type DecisionRequest,
  type ToolApprovalConfig,
  type ToolApprovalStatus,
} from "../../src/governance/door.ts";
import { crew, customer, deskOf, questionOf } from "../orchestration/asking.ts";
import { eventsOf, resultsIn, worldOf } from "../orchestration/world.ts";

const request: DecisionRequest = {
  runId: "run",
  agent: "desk",
  principal: null,
  callId: "t1c0",
  tool: "pay",
  effect: "once",
  input: { cents: 5 },
  argsHash: "hash",
  toolCallId: "call_1",
  messages: [{ role: "user", content: [{ type: "text", text: "Pay." }] }],
};

const sdkTools = {
  pay: sdkTool({
    description: "pays",
    inputSchema: z.object({ cents: z.int() }),
    execute: () => "paid",
  }),
  look: sdkTool({
    description: "looks",
    inputSchema: z.object({ order: z.string() }),
    execute: () => "seen",
  }),
};

describe("the AI SDK's types and ours are each other's", () => {
  test("a status", () => {
    expectTypeOf<SdkStatus>().toExtend<ToolApprovalStatus>();
    expectTypeOf<ToolApprovalStatus>().toExtend<SdkStatus>();
  });

  test("a configuration typed by the AI SDK is taken as it is", async () => {
    type Sdk = ToolApprovalConfiguration<typeof sdkTools, { readonly limit: number }>;
    expectTypeOf<Sdk>().toExtend<ToolApprovalConfig>();
    const byTool: Sdk = {
      pay: ({ cents }, { runtimeContext }) =>
        cents > runtimeContext.limit ? { type: "user-approval", reason: "So much?" } : "approved",
      look: "not-applicable",
    };
    const decide = toolApproval(byTool, { runtimeContext: { limit: 4 } });
    expect(await decide(request)).toEqual({
      kind: "ask",
      rules: ["tool-approval/pay"],
      question: "So much?",
    });
    const all: Sdk = ({ toolCall }) => (toolCall.toolName === "pay" ? "denied" : undefined);
    expect((await toolApproval(all)(request)).kind).toBe("deny");
  });
});

describe("what each status comes to", () => {
  const cases: readonly (readonly [ToolApprovalStatus, object])[] = [
    [undefined, { kind: "allow", rules: [] }],
    ["not-applicable", { kind: "allow", rules: [] }],
    [{ type: "not-applicable" }, { kind: "allow", rules: [] }],
    ["approved", { kind: "allow", rules: ["tool-approval/pay"] }],
    [
      { type: "approved", reason: "small" },
      { kind: "allow", rules: ["tool-approval/pay"] },
    ],
    ["denied", { kind: "deny", reason: "the tool's approval setting denies it" }],
    [
      { type: "denied", reason: "closed" },
      { kind: "deny", reason: "closed" },
    ],
    ["user-approval", { kind: "ask", question: "May pay be called?" }],
    [
      { type: "user-approval", reason: "Sure?" },
      { kind: "ask", question: "Sure?" },
    ],
  ];
  for (const [status, verdict] of cases) {
    test(`${JSON.stringify(status) ?? "nothing"}, however it is given`, async () => {
      const configs: readonly ToolApprovalConfig[] = [
        { pay: status },
        { pay: () => status },
        { pay: async () => status },
        () => status,
        async () => status,
      ];
      for (const config of configs) {
        expect(await toolApproval(config)(request)).toMatchObject(verdict);
      }
    });
  }

  test("what a function says that is no status is a no", async () => {
    const answers = ["allow", "Approved", true, null, 1, {}, { type: "yes" }, { type: undefined }];
    for (const answer of answers) {
      const decide = toolApproval(() => answer as ToolApprovalStatus);
      expect(await decide(request)).toMatchObject({ kind: "deny" });
    }
  });

  test("what is written down and is no status is refused at once", () => {
    for (const config of [{ pay: "allow" }, { pay: true }, { pay: {} }, [], "denied", null]) {
      expect(() => toolApproval(config as ToolApprovalConfig)).toThrow(
        expect.objectContaining({ code: "policy_invalid" }),
      );
    }
  });

  test("a tool that is named like an inherited member has no status", async () => {
    for (const tool of ["constructor", "toString", "__proto__"]) {
      const decide = toolApproval({ pay: "denied" });
      expect(await decide({ ...request, tool })).toEqual({ kind: "allow", rules: [] });
    }
  });
});

describe("in a run", () => {
  test("functions get what the AI SDK hands them", async () => {
    const seen: unknown[] = [];
    const desk = deskOf([{ cents: 5 }]);
    const byTool = toolApproval({
      pay: (input: unknown, options: unknown) => {
        seen.push({ input, options });
        return "denied";
      },
    });
    const generic = toolApproval((options: unknown) => {
      seen.push(options);
      return { type: "denied", reason: "closed today" };
    });
    for (const decide of [byTool, generic]) {
      const { harness } = await worldOf(desk.agent, { decide });
      await (await harness.start("worker", { input: "go" })).outcome();
    }
    const messages = [{ role: "user", content: [{ type: "text", text: "go" }] }];
    const toolCallId = "p0-0";
    expect(seen).toMatchObject([
      {
        input: { cents: 5 },
        options: { toolCallId, messages, toolContext: {}, runtimeContext: {} },
      },
      {
        toolCall: { type: "tool-call", toolCallId, toolName: "pay", input: { cents: 5 } },
        messages,
      },
    ]);
    expect(resultsIn(desk.model, 1)[0]).toContain("Denied");
    expect(resultsIn(desk.model, 3)[0]).toContain("closed today");
    expect(desk.paid()).toEqual([]);
  });

  test("user-approval waits for a person; a throw is a no", async () => {
    const desk = deskOf();
    const decide = toolApproval({ pay: "user-approval" });
    const { harness } = await worldOf(desk.agent, { decide, people: crew });
    const run = await harness.start("worker", { input: "go", principal: customer });
    const { approvalId, rules } = await questionOf(run);
    expect(rules).toEqual(["tool-approval/pay"]);
    await run.vote({ approvalId, by: "ann", decision: "approve" });
    await run.outcome();
    expect(desk.paid()).toHaveLength(1);
    const broken = toolApproval({
      pay: () => {
        throw new Error("no list of limits");
      },
    });
    const next = await worldOf(desk.agent, { decide: broken });
    const other = await next.harness.start("worker", { input: "go" });
    await other.outcome();
    expect(eventsOf(await other.events(), "call.refused")).toMatchObject([
      { rules: ["decision.error"] },
    ]);
    expect(desk.paid()).toHaveLength(1);
  });
});
