/** Everything that providers, proxies and networks are known to answer with, and what it is. */
import { anthropicRows } from "./corpus/anthropic.ts";
import { clientRows } from "./corpus/clients.ts";
import { gatewayRows } from "./corpus/gateways.ts";
import { googleRows } from "./corpus/google.ts";
import { openaiRows } from "./corpus/openai.ts";
import type { Row } from "./corpus/row.ts";
import { serverRows } from "./corpus/servers.ts";

export const corpus: Readonly<Record<string, readonly Row[]>> = {
  OpenAI: openaiRows,
  Anthropic: anthropicRows,
  Google: googleRows,
  "gateways and pages": gatewayRows,
  "other servers": serverRows,
  "clients and networks": clientRows,
};
