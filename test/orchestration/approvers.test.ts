import { expect, test } from "vitest";
import type { Person } from "../../src/governance/door.ts";
import type { ToolDefinition } from "../../src/index.ts";
import { agentOf, modelOf, toolOf, worldOf } from "./world.ts";

function made(approval: NonNullable<ToolDefinition["approval"]>, people: readonly Person[]) {
  const pay = toolOf({ needsApproval: true, approval });
  return worldOf(agentOf(modelOf("Done."), { tools: { pay } }), { people });
}

test("a tool that names approvers who do not exist is refused when the harness is made", async () => {
  const people: readonly Person[] = [{ id: "ann", roles: ["lead"] }, { id: "bob" }];
  const cases = [
    [{ people: ["zoe"] }, people, 'Tool "pay" is approved by "zoe", who is not known'],
    [{ roles: ["lead", "boss"] }, people, 'Tool "pay" is approved by a "boss", and nobody is one'],
  ] as const;
  for (const [approval, known, message] of cases) {
    const error = { code: "approval_invalid", message: expect.stringContaining(message) };
    await expect(made(approval, known)).rejects.toMatchObject(error);
  }
  // Without any people asking is a no, when it comes to it.
  await made({ roles: ["lead"], people: ["bob"] }, people);
  await made({ people: ["zoe"] }, []);
});

test("roles that are no list are refused", async () => {
  // Plain JavaScript may hand in anything.
  const people = [{ id: "ann", roles: "lead" }] as unknown as readonly Person[];
  await expect(made({}, people)).rejects.toMatchObject({
    code: "approval_invalid",
    message: 'The roles of "ann" are no list',
  });
});
