import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { contentBytes, type SpecInput } from '../../../../src/spec.ts';
import { write } from '../../items.ts';

/** True on a machine that cannot run the checks: they are Python. */
export const noPython = !existsSync('/usr/bin/python3');
// Root may read every process.
const ORDINARY_USER = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

/** Runs a check of Python as an evaluation would, and says what the verdict rule looks at. */
export async function runCheck(
  spec: SpecInput | undefined,
): Promise<{ status: unknown; report: string; printed: string }> {
  const { files = {}, test: script, report } = spec ?? { test: 'exit 99' };
  const place = mkdtempSync(join(tmpdir(), 'evalpool-check-'));
  chmodSync(place, 0o777);
  try {
    for (const [path, content] of Object.entries(files)) write(join(place, path), contentBytes(content));
    const env = { PATH: '/usr/bin:/bin' };
    const args = ['-eo', 'pipefail', '-c', String(script)];
    const child = spawn('bash', args, { cwd: place, env, ...ORDINARY_USER });
    let printed = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (printed += chunk));
    const [status]: unknown[] = await once(child, 'close');
    const path = join(place, report?.path ?? '');
    return { status, printed, report: existsSync(path) ? readFileSync(path, 'utf8') : 'no report' };
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}
