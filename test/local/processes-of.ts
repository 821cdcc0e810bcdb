import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** The living processes that have to do with a folder: by arguments, environment or working directory. */
export function processesOf(folder: string): Array<{ pid: number; command: string }> {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      const command = look(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
      const seen = [
        command,
        look(() => readFileSync(`/proc/${pid}/environ`, 'utf8')),
        look(() => readlinkSync(`/proc/${pid}/cwd`)),
      ];
      const related = seen.some((text) => text.includes(folder));
      return related ? [{ pid: Number(pid), command: command.replaceAll('\0', ' ').trim() }] : [];
    });
}

// A process may end while it is looked at; what has ended is nobody's.
function look(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}
