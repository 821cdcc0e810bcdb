import { z } from 'zod';
import { EvalpoolError } from './errors.ts';
import { nearestOf } from './explain-issue.ts';
import { TIER_NAMES, type ProviderConfig } from './provider-config.ts';
import { LIMITS, pickLimits, readProvidersFile } from './providers-file.ts';
import { NETWORKS } from './stage.ts';

// 1. The settings that say where sandboxes come from: one provider in variables, or several in a file.
// 2. Chooses by name the one that this process uses.

/** Those settings, as a part of the table in src/config.ts. */
export const PROVIDER_VARIABLES = {
  /** Name of the provider whose sandboxes this process uses. */
  EVALPOOL_PROVIDER: z.string().min(1).optional(),
  /** JSON file that describes several providers (docs/operations.md); the next three groups then are not for use. */
  EVALPOOL_PROVIDERS: z.string().min(1).optional(),
  /** Limits of the provider: local, hobby or pro. */
  EVALPOOL_TIER: z.enum(TIER_NAMES).optional(),
  /** Sandboxes at once, at most the account's; default: the account's. */
  EVALPOOL_CONCURRENCY: z.coerce.number().pipe(LIMITS.maxSandboxes).optional(),
  /** Sandboxes left to people who work by hand. */
  EVALPOOL_RESERVE: z.coerce.number().int().nonnegative().default(0),
  /** Template of sandboxes whose spec names none. */
  EVALPOOL_TEMPLATE: z.string().min(1).default('base'),
  /** Networks that the provider's sandboxes can have, comma-separated. */
  EVALPOOL_NETWORKS: z
    .string()
    .default('none,nat,full')
    .transform((list) => list.split(','))
    .pipe(z.array(z.enum(NETWORKS))),
  /** What the account may do and costs, where it differs from its tier. */
  EVALPOOL_MAX_SANDBOXES: z.coerce.number().pipe(LIMITS.maxSandboxes).optional(),
  EVALPOOL_CREATES_PER_S: z.coerce.number().pipe(LIMITS.createsPerS).optional(),
  EVALPOOL_LONGEST_SESSION_S: z.coerce.number().pipe(LIMITS.longestSessionS).optional(),
  EVALPOOL_USD_PER_CPU_S: z.coerce.number().pipe(LIMITS.usdPerCpuS).optional(),
  EVALPOOL_USD_PER_GIB_S: z.coerce.number().pipe(LIMITS.usdPerGibS).optional(),
  /** The provider's endpoint and key, as E2B's SDK names them. */
  E2B_API_URL: z.string().min(1).optional(),
  E2B_SANDBOX_URL: z.string().min(1).optional(),
  E2B_API_KEY: z.string().min(1).optional(),
};

type Variables = z.output<z.ZodObject<typeof PROVIDER_VARIABLES>>;

/** Where sandboxes come from. */
export interface Providers {
  /** The one whose sandboxes this process uses. */
  provider: ProviderConfig;
  /** All that this process knows: those of the file, or the one. `provider` is not among them if nobody chose it. */
  providers: readonly ProviderConfig[];
}

/** Whether the process was told which provider to use, where there are several. */
export function isChosen({ provider, providers }: Providers): boolean {
  return providers.includes(provider);
}

/** The chosen provider. Throws USAGE that lists the names when there are several and none was chosen. */
export function chosenOf(all: Providers): ProviderConfig {
  if (isChosen(all)) return all.provider;
  const names = all.providers.map(({ name }) => name).join(', ');
  throw new EvalpoolError('USAGE', `EVALPOOL_PROVIDER: expected one of ${names}, got nothing`);
}

/** The providers that the environment describes; `chosen` goes before EVALPOOL_PROVIDER. Throws USAGE that lists the names. */
export function chooseProvider(e: Variables, env: NodeJS.ProcessEnv, chosen: string | undefined): Providers {
  const asked = chosen ?? e.EVALPOOL_PROVIDER;
  if (e.EVALPOOL_PROVIDERS === undefined) {
    const provider = providerOf(e, asked ?? 'local');
    return { provider, providers: [provider] };
  }
  refuseBothForms(env);
  const file = readProvidersFile(e.EVALPOOL_PROVIDERS, env);
  const known = file.some(({ name }) => name === 'local') ? file : [...file, localOf(e)];
  const provider = known.find(({ name }) => name === (asked ?? 'local'));
  // The stack of one machine is known everywhere, and for those alone who choose it.
  if (provider) return { provider, providers: known.filter((each) => !isOwn(each) || each.name === asked) };
  const where = chosen === undefined ? 'EVALPOOL_PROVIDER' : '--provider';
  const names = known.map(({ name }) => name);
  const found = `there are ${names.join(', ')} (${e.EVALPOOL_PROVIDERS})`;
  const near = nearestOf(asked ?? '', names);
  throw new EvalpoolError('USAGE', `${where}: no provider is called '${asked}'; ${near}; ${found}`);
}

function isOwn({ name, apiUrl }: ProviderConfig): boolean {
  return name === 'local' && apiUrl === undefined;
}

function localOf(e: Variables): ProviderConfig {
  return { ...providerOf(e, 'local'), apiKey: undefined };
}

// Only the provider's own: where both forms speak, one would be ignored, or a key be sent to another's address.
const ONE_PROVIDER_FORM: ReadonlyArray<keyof Variables> = [
  'EVALPOOL_TIER',
  'EVALPOOL_CONCURRENCY',
  'EVALPOOL_RESERVE',
  'EVALPOOL_TEMPLATE',
  'EVALPOOL_NETWORKS',
  'EVALPOOL_MAX_SANDBOXES',
  'EVALPOOL_CREATES_PER_S',
  'EVALPOOL_LONGEST_SESSION_S',
  'EVALPOOL_USD_PER_CPU_S',
  'EVALPOOL_USD_PER_GIB_S',
  'E2B_API_URL',
  'E2B_SANDBOX_URL',
];

function refuseBothForms(env: NodeJS.ProcessEnv): void {
  const both = ONE_PROVIDER_FORM.filter((name) => env[name] !== undefined);
  if (both.length === 0) return;
  const message = `${both.join(', ')}: for one provider only; EVALPOOL_PROVIDERS is set, so say it in that file`;
  throw new EvalpoolError('USAGE', message);
}

function providerOf(e: Variables, name: string): ProviderConfig {
  return {
    name,
    tier: e.EVALPOOL_TIER,
    overrides: pickLimits({
      maxSandboxes: e.EVALPOOL_MAX_SANDBOXES,
      createsPerS: e.EVALPOOL_CREATES_PER_S,
      longestSessionS: e.EVALPOOL_LONGEST_SESSION_S,
      usdPerCpuS: e.EVALPOOL_USD_PER_CPU_S,
      usdPerGibS: e.EVALPOOL_USD_PER_GIB_S,
    }),
    concurrency: e.EVALPOOL_CONCURRENCY,
    reserve: e.EVALPOOL_RESERVE,
    template: e.EVALPOOL_TEMPLATE,
    networks: e.EVALPOOL_NETWORKS,
    apiUrl: e.E2B_API_URL,
    sandboxUrl: e.E2B_SANDBOX_URL,
    keyFrom: 'E2B_API_KEY',
    apiKey: e.E2B_API_KEY,
  };
}
