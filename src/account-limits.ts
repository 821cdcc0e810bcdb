/** What an account may do with sandboxes at once and how fast. */
export interface AccountLimits {
  /** At once. */
  maxSandboxes: number;
  createsPerS: number;
  longestSessionS: number;
}

/** E2B's published limits (e2b.dev/docs/sandbox/rate-limits and /docs/billing, November 2026). */
export const ACCOUNT_LIMITS = {
  hobby: { maxSandboxes: 20, createsPerS: 1, longestSessionS: 3_600 },
  pro: { maxSandboxes: 100, createsPerS: 5, longestSessionS: 86_400 },
} as const satisfies Record<string, AccountLimits>;
