import { NIGHT } from './dashboards/night.ts';
import { PROVIDER } from './dashboards/provider.ts';
import { STAGES } from './dashboards/stages.ts';
import { TENANTS } from './dashboards/tenants.ts';
import { WORKERS } from './dashboards/workers.ts';
import { layOut, type Plan } from './lay-out.ts';

/** Every dashboard, the one to begin with first. */
export const DASHBOARDS: readonly Plan[] = [NIGHT, PROVIDER, STAGES, WORKERS, TENANTS];

/** The files of all dashboards: name to text. */
export function makeDashboards(): Record<string, string> {
  return Object.fromEntries(DASHBOARDS.map((plan) => [`${plan.name}.json`, textOf(plan)]));
}

function textOf(plan: Plan): string {
  return `${JSON.stringify(layOut(plan), null, 2)}\n`;
}
