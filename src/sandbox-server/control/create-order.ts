import { z } from 'zod';
import type { Network } from '../../stage.ts';
import { NetworkRequest, readEgress } from './egress.ts';
import { notServed } from './not-served.ts';
import { Refusal } from '../refusal.ts';
import type { Lifecycle, SandboxOrder } from '../sandboxes.ts';
import { parseAs, Variables } from '../shapes.ts';
import type { Templates } from '../templates/templates.ts';

const DEFAULT_LIFE_S = 300;

const Texts = z.record(z.string(), z.string());
const NewSandbox = z.object({
  templateID: z.string(),
  timeout: z.int().nullish(),
  metadata: Texts.nullish(),
  envVars: Variables.nullish(),
  autoPause: z.boolean().nullish(),
  autoPauseMemory: z.boolean().nullish(),
  autoResume: z.object({ enabled: z.boolean().nullish() }).nullish(),
  allow_internet_access: z.boolean().nullish(),
  network: NetworkRequest.nullish(),
  volumeMounts: z.array(z.unknown()).nullish(),
  iam: z.record(z.string(), z.unknown()).nullish(),
  mcp: z.record(z.string(), z.unknown()).nullish(),
});
const Timeout = z.object({ timeout: z.int().nullish(), duration: z.int().nullish() });

/** What a server has for those who order. */
export interface Offer {
  networks: readonly Network[];
  longestLifeS: number;
  templates: Templates;
}

/** The order in a create request. Throws 404 for an unknown template, 400 or 501 for what it cannot have here. */
export function readOrder(body: unknown, { networks, longestLifeS, templates }: Offer): SandboxOrder {
  const asked = parseAs(NewSandbox, body);
  if (asked.volumeMounts?.length) throw notServed('volumes');
  if (asked.iam) throw notServed('iam');
  if (asked.mcp) throw notServed('mcp');
  const egress = readEgress(asked.network ?? {}, asked.allow_internet_access);
  return {
    ...templates.start(asked.templateID),
    metadata: asked.metadata ?? {},
    envVars: asked.envVars ?? {},
    lifeMs: checkLife(asked.timeout ?? Math.min(DEFAULT_LIFE_S, longestLifeS), longestLifeS),
    egress: networks.includes(egress.network) ? egress : { ...egress, network: 'none' },
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

/** The life that a request asks for that changes one, ms; 0: over at once. Undefined: none. Throws 400. */
export function readLife(body: unknown, longestLifeS: number): number | undefined {
  const asked = parseAs(Timeout, body ?? {});
  const seconds = asked.timeout ?? asked.duration;
  if (seconds === null || seconds === undefined) return undefined;
  return seconds === 0 ? 0 : checkLife(seconds, longestLifeS);
}

function checkLife(seconds: number, longestS: number): number {
  if (seconds <= 0) throw new Refusal(400, 'Timeout must be greater than 0');
  if (seconds > longestS) throw new Refusal(400, `Timeout cannot be greater than ${longestS / 3600} hours`);
  return seconds * 1000;
}
