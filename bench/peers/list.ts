/** The peers that are measured; one file each, run as a child process. */

/** One peer. `file` lies beside this one. */
export interface Peer {
  readonly name: string;
  readonly file: string;
  /** Above this many turns a run takes minutes, or gigabytes: do not ask for more. */
  readonly turnsMax: number;
  /** Whether 64 runs of 500 turns in one process (`--runs`) end within the time of a round. */
  readonly concurrency: boolean;
}

export const peers: readonly Peer[] = [
  { name: "AI SDK generateText", file: "ai-sdk.ts", turnsMax: 2000, concurrency: true },
  { name: "OpenAI Agents", file: "openai-agents.ts", turnsMax: 500, concurrency: false },
  {
    name: "LangGraph delta channel, FULL",
    file: "langgraph-delta.ts",
    turnsMax: 2000,
    concurrency: false,
  },
  {
    name: "LangChain createAgent + SqliteSaver",
    file: "langchain-agent.ts",
    turnsMax: 500,
    concurrency: false,
  },
  {
    name: "Mastra durable agent + libSQL",
    file: "mastra-durable.ts",
    turnsMax: 100,
    concurrency: false,
  },
];
