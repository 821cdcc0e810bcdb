import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { EvalpoolError } from './errors.ts';
import { explainIssue } from './explain-issue.ts';
import { TIER_NAMES, type ProviderConfig } from './provider-config.ts';
import { NETWORKS } from './stage.ts';

// 1. Reads the file of providers that EVALPOOL_PROVIDERS names.
// 2. Refuses a file that holds a key: keys come by the variable that `keyFrom` names. No message repeats such a value.
// 3. Says of a bad field which one it is, what was expected and what was there.

const providerName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, 'letters, digits, . _ -');
// Upper case, as no key of E2B's is: a key given instead of a name is refused unseen.
const variableName = z.string().regex(/^[A-Z_][A-Z0-9_]{0,99}$/, 'the name of a variable, in capitals');
const url = z.url({ protocol: /^https?$/, error: 'an http or https URL' });

/** The limits and prices that may differ from a tier's: fields of the file, and of the one-provider form. */
export const LIMITS = {
  maxSandboxes: z.int().positive(),
  createsPerS: z.number().positive(),
  longestSessionS: z
    .int()
    .positive()
    .max(30 * 86_400),
  usdPerCpuS: z.number().nonnegative(),
  usdPerGibS: z.number().nonnegative(),
};

const Entry = z.strictObject({
  tier: z.enum(TIER_NAMES),
  maxSandboxes: LIMITS.maxSandboxes.optional(),
  createsPerS: LIMITS.createsPerS.optional(),
  longestSessionS: LIMITS.longestSessionS.optional(),
  usdPerCpuS: LIMITS.usdPerCpuS.optional(),
  usdPerGibS: LIMITS.usdPerGibS.optional(),
  reserve: z.int().nonnegative().default(0),
  template: z.string().min(1).max(200).default('base'),
  networks: z.array(z.enum(NETWORKS)).default([...NETWORKS]),
  apiUrl: url.optional(),
  sandboxUrl: url.optional(),
  keyFrom: variableName.optional(),
});

// `local` without an address is that of the stack of one machine, which has a key for it.
const ProvidersFile = z
  .record(providerName, Entry)
  .refine((file) => Object.keys(file).length > 0, 'at least one provider')
  .superRefine((file, context) => {
    for (const [name, { keyFrom, apiUrl }] of Object.entries(file)) {
      if (keyFrom !== undefined || (name === 'local' && apiUrl === undefined)) continue;
      const message = 'the name of the variable that holds its key';
      context.addIssue({ code: 'custom', path: [name, 'keyFrom'], message });
    }
  });

const SCHEMA: object = z.toJSONSchema(ProvidersFile, { io: 'input' });
const SHAPE = { name: 'a provider', schema: SCHEMA };
const MOST_FINDINGS = 8;

/** The providers that a file describes, with the keys that the environment has. Throws USAGE: file, field, what is wrong. */
export function readProvidersFile(path: string, env: NodeJS.ProcessEnv): ProviderConfig[] {
  const value = parse(path, read(path));
  const secret = findSecret(value, []);
  if (secret) {
    const where = `${secret.join('.')} holds something like a key, and keys do not belong in this file`;
    throw refuse(path, `${where}: put it into a variable and name that in \`keyFrom\``);
  }
  const parsed = ProvidersFile.safeParse(value);
  if (parsed.success) return Object.entries(parsed.data).map(([name, entry]) => providerOf(name, entry, env));
  const findings = parsed.error.issues.flatMap((issue) => explainIssue(issue, value, SHAPE));
  const told = findings
    .slice(0, MOST_FINDINGS)
    .map(({ field, message }) => (field ? `${field}: ${message}` : message));
  throw refuse(path, told.join('; '));
}

function providerOf(name: string, entry: z.output<typeof Entry>, env: NodeJS.ProcessEnv): ProviderConfig {
  const { tier, reserve, template, networks, apiUrl, sandboxUrl } = entry;
  const { keyFrom = 'E2B_API_KEY', ...rest } = entry;
  return {
    name,
    tier,
    overrides: pickLimits(rest),
    concurrency: undefined,
    reserve,
    template,
    networks,
    apiUrl,
    sandboxUrl,
    keyFrom,
    apiKey: entry.keyFrom === undefined ? undefined : env[entry.keyFrom] || undefined,
  };
}

/** The limits among the values, those that are given. */
export function pickLimits(
  from: Partial<Record<keyof typeof LIMITS, number | undefined>>,
): ProviderConfig['overrides'] {
  const limits = Object.keys(LIMITS).map((name): [string, unknown] => [name, Reflect.get(from, name)]);
  return Object.fromEntries(limits.filter(([, value]) => value !== undefined));
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new EvalpoolError('USAGE', `EVALPOOL_PROVIDERS: expected a file that can be read: ${why}`);
  }
}

// What JSON.parse says quotes the text around the place, and a key may stand there.
function parse(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const position = /at position (\d+)/.exec(error instanceof Error ? error.message : '')?.[1];
    const line = position === undefined ? '' : `, line ${text.slice(0, Number(position)).split('\n').length}`;
    throw refuse(path, `is not JSON${line}`);
  }
}

const SECRET_FIELD = /key|token|secret|passw/i;
const SECRET_VALUE = /(^|[^A-Za-z])(e2b|sk|pk|key|token|bearer)[_\s-]+[A-Za-z0-9_-]{12,}/i;
const LONG_RUN = /[A-Za-z0-9+]{24,}/g;

/** The path of the first field that holds something like a key. Undefined: none does. */
function findSecret(value: unknown, path: readonly string[]): string[] | undefined {
  if (typeof value === 'string') return isLikeSecret(value) ? [...path] : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [name, inner] of Object.entries(value)) {
    if (isLikeSecret(name)) return [...path, '(the name of a field)'];
    const named = SECRET_FIELD.test(name) && name.toLowerCase() !== 'keyfrom' && path.length > 0;
    if (named && typeof inner === 'string') return [...path, name];
    const found = findSecret(inner, [...path, name]);
    if (found) return found;
  }
  return undefined;
}

function isLikeSecret(text: string): boolean {
  if (/^[A-Z_][A-Z0-9_]*$/.test(text)) return false; // the name of a variable
  const mixed = text.match(LONG_RUN)?.some((run) => /\d/.test(run) && /[A-Za-z]/.test(run)) ?? false;
  return mixed || SECRET_VALUE.test(text) || /\/\/[^/@]*:[^/@]*@/.test(text);
}

function refuse(path: string, why: string): EvalpoolError {
  return new EvalpoolError('USAGE', `EVALPOOL_PROVIDERS: ${path}: ${why}`);
}
