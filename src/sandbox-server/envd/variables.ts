import type { LiveSandbox } from '../sandboxes.ts';

/**
 * The variables that every process of a sandbox finds, beside its account's and under its request's: those it was created
 * with, and E2B's own, by which programs know where they run and which nobody can give another value.
 */
export function sandboxVariables({ id, template, envVars }: LiveSandbox): Record<string, string> {
  return { ...envVars, E2B_SANDBOX: 'true', E2B_SANDBOX_ID: id, E2B_TEMPLATE_ID: template };
}
