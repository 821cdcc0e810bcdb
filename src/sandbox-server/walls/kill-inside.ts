import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/**
 * Kills what has the pid `inside` in the pid namespace of `first`, a process of the host's. From outside: a process that a
 * command of ours started inside to do it could be killed first.
 */
export function killInside(first: number, inside: number): void {
  const namespace = namespaceOf(String(first));
  if (namespace === null) return;
  const host = readdirSync('/proc').find(
    (name) => /^\d+$/.test(name) && namespaceOf(name) === namespace && innermostPid(name) === inside,
  );
  if (host === undefined) return;
  try {
    process.kill(Number(host), 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}

function namespaceOf(pid: string): string | null {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return null; // gone, or not ours to look at
  }
}

function innermostPid(pid: string): number {
  try {
    return Number(/^NSpid:.*\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  } catch {
    return 0;
  }
}
