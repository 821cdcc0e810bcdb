import { Refusal } from '../refusal.ts';
import type { LiveSandbox } from '../sandboxes.ts';
import type { Selector } from '../shapes.ts';
import type { RunningProcess } from './running-process.ts';

/** The process that is meant, as long as it runs. Throws 404. */
export function findRunning(sandbox: LiveSandbox, selector: Selector): RunningProcess {
  const found = matching(sandbox, selector).findLast((process) => !process.isOver);
  return found ?? notFound(selector);
}

/** The same, and for a while after its end; one that runs comes before one that has ended. Throws 404. */
export function findEver(sandbox: LiveSandbox, selector: Selector): RunningProcess {
  const found = matching(sandbox, selector);
  return found.findLast((process) => !process.isOver) ?? found.at(-1) ?? notFound(selector);
}

function matching(sandbox: LiveSandbox, { pid, tag }: Selector): RunningProcess[] {
  if (tag !== undefined) return [...sandbox.processes.values()].filter((process) => process.tag === tag);
  const process = sandbox.processes.get(pid ?? 0);
  return process ? [process] : [];
}

function notFound({ pid, tag }: Selector): never {
  const name = tag === undefined ? `pid ${pid ?? 0}` : `tag ${tag}`;
  throw new Refusal(404, `process with ${name} not found`);
}
