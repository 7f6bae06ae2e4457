import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { scriptedModel, servedModel } from "../../src/chaos/door.ts";

const run = promisify(execFile);

test("answers through the real client, and says that it is simulated", async () => {
  const model = servedModel(scriptedModel([{ text: "Hello." }]));
  expect(model).toMatchObject({ specificationVersion: "v4", provider: "chaos" });
  const prompt = [{ role: "user" as const, content: [{ type: "text" as const, text: "Hi" }] }];
  const { content, response } = await model.doGenerate({ prompt });
  expect(content).toMatchObject([{ type: "text", text: "Hello." }]);
  expect(response?.modelId).toBe("simulated/scripted");
});

test("does not keep a process alive that has asked it", async () => {
  const door = new URL("../../src/chaos/door.ts", import.meta.url).href;
  const program = `
    import { scriptedModel, servedModel } from ${JSON.stringify(door)};
    const model = servedModel(scriptedModel([{ text: "Hello." }]));
    const prompt = [{ role: "user", content: [{ type: "text", text: "Hi" }] }];
    const { content } = await model.doGenerate({ prompt });
    console.log(content[0].text);`;
  const args = ["--input-type=module", "-e", program];
  const { stdout } = await run(process.execPath, args, { timeout: 10_000 });
  expect(stdout).toBe("Hello.\n");
});
