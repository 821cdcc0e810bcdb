import { z } from 'zod';
import type { Network } from '../../stage.ts';
import { notServed } from './not-served.ts';
import { Refusal } from '../refusal.ts';
import type { Lifecycle, SandboxOrder } from '../sandboxes.ts';
import { parseAs, Variables } from '../shapes.ts';

/** Names of the one template there is; the second is what @e2b/code-interpreter asks for unless told otherwise. */
const TEMPLATES: readonly string[] = ['base', 'code-interpreter-v1'];
const DEFAULT_LIFE_S = 300;
/** How E2B's SDK spells "everything". */
const ALL_TRAFFIC = '0.0.0.0/0';

const Texts = z.record(z.string(), z.string());
const Hosts = z.array(z.string()).nullish();
const Egress = z.object({
  allowOut: Hosts,
  denyOut: Hosts,
  rules: z.record(z.string(), z.unknown()).nullish(),
  egressProxy: z.unknown().optional(),
});
const NewSandbox = z.object({
  templateID: z.string(),
  timeout: z.int().nullish(),
  metadata: Texts.nullish(),
  envVars: Variables.nullish(),
  autoPause: z.boolean().nullish(),
  autoPauseMemory: z.boolean().nullish(),
  autoResume: z.object({ enabled: z.boolean().nullish() }).nullish(),
  allow_internet_access: z.boolean().nullish(),
  network: Egress.nullish(),
  volumeMounts: z.array(z.unknown()).nullish(),
  iam: z.record(z.string(), z.unknown()).nullish(),
  mcp: z.record(z.string(), z.unknown()).nullish(),
});
const NetworkUpdate = Egress.extend({ allow_internet_access: z.boolean().nullish() });
const Timeout = z.object({ timeout: z.int().nullish(), duration: z.int().nullish() });

/** What a server has for those who order. */
export interface Offer {
  networks: readonly Network[];
  longestLifeS: number;
}

/** The order in a create request. Throws 404 for an unknown template, 400 or 501 for what it cannot have here. */
export function readOrder(body: unknown, { networks, longestLifeS }: Offer): SandboxOrder {
  const asked = parseAs(NewSandbox, body);
  if (asked.volumeMounts?.length) throw notServed('volumes');
  if (asked.iam) throw notServed('iam');
  if (asked.mcp) throw notServed('mcp');
  const template = asked.templateID.replace(/:(latest|default)$/, '');
  if (!TEMPLATES.includes(template)) throw new Refusal(404, `template '${asked.templateID}' not found`);
  const denied = asked.allow_internet_access === false || (asked.network && isDenied(asked.network));
  return {
    template,
    metadata: asked.metadata ?? {},
    envVars: asked.envVars ?? {},
    lifeMs: checkLife(asked.timeout ?? Math.min(DEFAULT_LIFE_S, longestLifeS), longestLifeS),
    network: !denied && networks.includes('nat') ? 'nat' : 'none',
    lifecycle: readLifecycle(asked),
  };
}

function readLifecycle({ autoPause, autoPauseMemory, autoResume }: z.output<typeof NewSandbox>): Lifecycle {
  const lifecycle: Lifecycle = {
    onTimeout: autoPause ? 'pause' : 'kill',
    keepMemory: autoPauseMemory ?? true,
    autoResume: autoResume?.enabled ?? false,
  };
  if (lifecycle.autoResume && !lifecycle.keepMemory)
    throw new Refusal(400, 'autoResume cannot be combined with autoPauseMemory: false');
  return lifecycle;
}

/** The network that an update asks for. Throws 400 when the wall has none such, 501 for lists and proxies. */
export function readNetwork(body: unknown, networks: readonly Network[]): Network {
  const asked = parseAs(NetworkUpdate, body);
  const network = asked.allow_internet_access === false || isDenied(asked) ? 'none' : 'nat';
  if (!networks.includes(network))
    throw new Refusal(
      400,
      `this server's sandboxes have no network '${network}', only: ${networks.join(', ')}`,
    );
  return network;
}

/** The life that a request asks for that changes one, ms; 0: over at once. Undefined: none. Throws 400. */
export function readLife(body: unknown, longestLifeS: number): number | undefined {
  const asked = parseAs(Timeout, body ?? {});
  const seconds = asked.timeout ?? asked.duration;
  if (seconds === null || seconds === undefined) return undefined;
  return seconds === 0 ? 0 : checkLife(seconds, longestLifeS);
}

function isDenied(egress: z.output<typeof Egress>): boolean {
  const denied = egress.denyOut ?? [];
  const isAll = denied.includes(ALL_TRAFFIC) && !egress.allowOut?.length;
  const isSome = denied.length > 0 || (egress.allowOut?.length ?? 0) > 0;
  const hasRules = egress.rules && Object.keys(egress.rules).length > 0;
  if (hasRules || egress.egressProxy) throw new Refusal(501, 'this server has no egress rules or proxies');
  if (isSome && !isAll) throw new Refusal(501, 'this server has no allow or deny lists, only all or nothing');
  return isAll;
}

function checkLife(seconds: number, longestS: number): number {
  if (seconds <= 0) throw new Refusal(400, 'Timeout must be greater than 0');
  if (seconds > longestS) throw new Refusal(400, `Timeout cannot be greater than ${longestS / 3600} hours`);
  return seconds * 1000;
}
