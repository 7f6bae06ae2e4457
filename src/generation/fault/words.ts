/**
 * The codes, types and exception names that providers put beside their messages.
 *
 * Codes are compared without case and separators, so `rate_limit_exceeded`, `RateLimitExceeded`
 * and `RATE_LIMIT_EXCEEDED` are one. General codes (`invalid_request_error`, `server_error`) say
 * less than a status or a message and are looked at last.
 */
import type { Meaning } from "./nature.ts";

/** In this order: the first meaning of which a word is present is the one that counts. */
const SPECIFIC: readonly (readonly [Meaning, readonly string[]])[] = [
  [
    "quota",
    [
      // OpenAI
      "insufficient_quota",
      "credit_balance_exhausted",
      "project_spend_limit_exceeded",
      "organization_spend_limit_exceeded",
      "organization_usage_limit_exceeded",
      "project_usage_limit_exceeded",
      "billing_hard_limit_reached",
      "billing_not_active",
      "usage_limit_reached",
      "quota_exceeded",
      // Anthropic
      "enforced_spend_limit_reached",
      "billing_error",
      // Gateways and others
      "payment_required",
      "insufficient_balance",
      "insufficient_credits",
      "insufficient_funds",
      "insufficient_user_quota",
      "exceeded_current_quota_error",
      "arrearage",
      "ServiceQuotaExceededException",
      "BILLING_DISABLED",
    ],
  ],
  [
    "overflow",
    [
      "context_length_exceeded",
      "context_window_exceeded",
      "ContextWindowExceededError",
      "model_context_window_exceeded",
      "exceed_context_size_error",
      "model_max_prompt_tokens_exceeded",
      "max_tokens_exceeded",
      "prompt_too_long",
    ],
  ],
  ["history", ["previous_response_not_found", "MISSING_THOUGHT_SIGNATURE"]],
  [
    "filtered",
    [
      "content_policy_violation",
      "ContentPolicyViolationError",
      "content_filter",
      "content_filtered",
      "ResponsibleAIPolicyViolation",
      "content_blocked",
      "data_inspection_failed",
      "DataInspectionFailed",
      "moderation_blocked",
      "image_content_policy_violation",
      "guardrail_intervened",
      "cyber_policy_violation",
      "SAFETY",
      "PROHIBITED_CONTENT",
      "BLOCKLIST",
      "RECITATION",
      "SPII",
    ],
  ],
  ["refused", ["refusal"]],
  ["truncated", ["max_output_tokens"]],
  [
    "model",
    [
      "model_not_found",
      "model_not_supported",
      "model_not_available",
      "unsupported_model",
      "invalid_model",
      "unknown_model",
      "model_decommissioned",
      "model_deprecated",
      "DeploymentNotFound",
      "NoSuchModel",
    ],
  ],
  ["size", ["request_too_large", "string_above_max_length", "payload_too_large"]],
  [
    "auth",
    [
      "invalid_api_key",
      "incorrect_api_key",
      "api_key_invalid",
      "api_key_expired",
      "api_key_service_blocked",
      "api_key_http_referrer_blocked",
      "authentication_error",
      "AuthenticationError",
      "invalid_authentication",
      "invalid_authentication_error",
      "UNAUTHENTICATED",
      "unauthorized",
      "permission_denied",
      "permission_error",
      "PermissionDeniedError",
      "account_deactivated",
      "organization_deactivated",
      "unsupported_country_region_territory",
      "service_disabled",
      "consumer_suspended",
      "access_token_expired",
      "access_token_type_unsupported",
      "AccessDeniedException",
      "UnrecognizedClientException",
      "ExpiredTokenException",
      "InvalidSignatureException",
      "MissingAuthenticationTokenException",
    ],
  ],
  [
    "overloaded",
    [
      "slow_down",
      "server_is_overloaded",
      "overloaded",
      "overloaded_error",
      "engine_overloaded",
      "engine_overloaded_error",
      "service_tier_capacity_exceeded",
      "insufficient_system_resource",
      "no_capacity",
      "model_loading",
      "ModelNotReadyException",
      "ServiceUnavailableException",
      "UNAVAILABLE",
      "service_unavailable",
      "ServiceUnavailableError",
    ],
  ],
  [
    "rate",
    [
      "rate_limit",
      "rate_limited",
      "rate_limit_exceeded",
      "rate_limit_error",
      "rate_limit_reached_error",
      "RateLimitError",
      "RESOURCE_EXHAUSTED",
      "too_many_requests",
      "tokens_limit_reached",
      "requests_limit_reached",
      "throttled",
      "throttling",
      "Throttling.RateQuota",
      "ThrottlingException",
      "TooManyRequestsException",
    ],
  ],
];

/** Said where nothing better is known. */
const GENERAL: readonly (readonly [number, readonly string[]])[] = [
  [400, ["invalid_request_error", "invalid_request", "BadRequestError", "bad_request"]],
  [400, ["INVALID_ARGUMENT", "FAILED_PRECONDITION", "OUT_OF_RANGE", "ValidationException"]],
  [400, ["invalid_prompt", "invalid_value", "unsupported_parameter", "unsupported_value"]],
  [404, ["NOT_FOUND", "not_found_error", "NotFoundError", "ResourceNotFoundException"]],
  [409, ["ABORTED", "conflict_error", "ConflictException"]],
  [500, ["server_error", "internal_server_error", "InternalServerError", "api_error"]],
  [500, ["INTERNAL", "UNKNOWN", "DATA_LOSS", "internal_error", "InternalServerException"]],
  [500, ["ModelErrorException", "ModelStreamErrorException", "upstream_error", "provider_error"]],
  [499, ["CANCELLED"]],
  [501, ["UNIMPLEMENTED", "not_implemented"]],
  [504, ["DEADLINE_EXCEEDED", "timeout_error", "ModelTimeoutException", "gateway_timeout"]],
];

/** A code as it is compared: Bedrock puts a namespace before it and an address behind it. */
export function normalWord(code: string): string {
  const name = code.slice(code.lastIndexOf("#") + 1).replace(/:.*$/s, "");
  return name.replaceAll(/[\s_.-]/g, "").toLowerCase();
}

const specific = SPECIFIC.map(([meaning, codes]) => [meaning, codes.map(normalWord)] as const);
const general = GENERAL.map(([status, codes]) => [status, codes.map(normalWord)] as const);

/** What the codes say for themselves; undefined when they are general or unknown. */
export function meaningOfWords(words: ReadonlySet<string>): Meaning | undefined {
  return specific.find(([, codes]) => codes.some((code) => words.has(code)))?.[0];
}

/** The HTTP status that a general code stands for. */
export function statusOfWords(words: ReadonlySet<string>): number | undefined {
  return general.find(([, codes]) => codes.some((code) => words.has(code)))?.[0];
}

/** Google names the quota: one that lasts a day does not come back in a minute. */
export function isDailyQuota(words: ReadonlySet<string>): boolean {
  for (const word of words) if (word.includes("perday")) return true;
  return false;
}
