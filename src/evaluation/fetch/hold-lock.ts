import { spawn } from 'node:child_process';
import { once } from 'node:events';

/**
 * Waits for the lock of that name among all processes of this machine and returns what releases it. The kernel
 * holds it for a child that ends with us, however we end: it cannot go stale. Throws the signal's reason.
 */
export async function holdLock(path: string, signal: AbortSignal): Promise<() => void> {
  signal.throwIfAborted();
  const holder = spawn('flock', [path, 'sh', '-c', 'echo held; read -r _'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const release = (): void => {
    holder.stdin.end();
    holder.stdout.destroy();
  };
  holder.stdin.on('error', () => undefined);
  try {
    // Where there is no flock, git's own locks are all there is.
    await Promise.race([once(holder.stdout, 'data', { signal }), once(holder, 'exit')]).catch(ignoreMissing);
  } catch (error) {
    holder.kill();
    throw signal.aborted ? signal.reason : error;
  }
  return release;
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}
