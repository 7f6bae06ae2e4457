/** Where each provider's package looks for its key, and where a person gets one. */

export interface ProviderKey {
  readonly variable: string;
  readonly page: string;
  /** The package knows another way in: without the variable it is asked all the same. */
  readonly isOptional?: boolean;
}

/** By the provider's name in `provider/model`, which is its package's name as well. */
export const providerKeys: Readonly<Record<string, ProviderKey>> = {
  anthropic: { variable: "ANTHROPIC_API_KEY", page: "https://console.anthropic.com/settings/keys" },
  azure: { variable: "AZURE_API_KEY", page: "https://portal.azure.com" },
  cerebras: { variable: "CEREBRAS_API_KEY", page: "https://cloud.cerebras.ai" },
  cohere: { variable: "COHERE_API_KEY", page: "https://dashboard.cohere.com/api-keys" },
  deepinfra: { variable: "DEEPINFRA_API_KEY", page: "https://deepinfra.com/dash/api_keys" },
  deepseek: { variable: "DEEPSEEK_API_KEY", page: "https://platform.deepseek.com/api_keys" },
  fireworks: { variable: "FIREWORKS_API_KEY", page: "https://fireworks.ai/account/api-keys" },
  gateway: {
    variable: "AI_GATEWAY_API_KEY",
    page: "https://vercel.com/ai-gateway",
    isOptional: true,
  },
  google: {
    variable: "GOOGLE_GENERATIVE_AI_API_KEY",
    page: "https://aistudio.google.com/apikey",
  },
  groq: { variable: "GROQ_API_KEY", page: "https://console.groq.com/keys" },
  mistral: { variable: "MISTRAL_API_KEY", page: "https://console.mistral.ai/api-keys" },
  openai: { variable: "OPENAI_API_KEY", page: "https://platform.openai.com/api-keys" },
  openrouter: { variable: "OPENROUTER_API_KEY", page: "https://openrouter.ai/settings/keys" },
  perplexity: { variable: "PERPLEXITY_API_KEY", page: "https://www.perplexity.ai/settings/api" },
  togetherai: { variable: "TOGETHER_API_KEY", page: "https://api.together.ai/settings/api-keys" },
  xai: { variable: "XAI_API_KEY", page: "https://console.x.ai" },
};

/** `provider` as a model object names it: `openai`, or with an API behind it, `openai.chat`. */
export function keyOf(provider: string): ProviderKey | undefined {
  const [name = ""] = provider.split(".");
  return Object.hasOwn(providerKeys, name) ? providerKeys[name] : undefined;
}
