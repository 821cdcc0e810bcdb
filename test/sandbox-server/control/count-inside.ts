import type { CommandHandle, Sandbox } from 'e2b';

const COUNT = 'n=0; while :; do echo $((n += 1)) > count; done';

/** Starts a process that counts in the file `count`, as fast as it can. */
export async function startCounter(sandbox: Sandbox): Promise<{ pid: number }> {
  return startUntil(sandbox, `echo ready; ${COUNT}`, 'ready');
}

/** Starts a script in the background and waits until it has said a word. */
export async function startUntil(sandbox: Sandbox, script: string, word: string): Promise<CommandHandle> {
  let text = '';
  return new Promise((resolve, reject) => {
    const onStdout = (data: string): void => {
      text += data;
      if (text.includes(word)) starting.then(resolve, reject);
    };
    const starting = sandbox.commands.run(script, { background: true, timeoutMs: 0, onStdout });
    // It ends with the sandbox, or is cut by a pause.
    starting.then((command) => command.wait()).catch(() => {});
  });
}

/** How far the counter is. */
export async function readCount(sandbox: Sandbox): Promise<number> {
  // Empty for a moment, each time it is written.
  return Number((await sandbox.commands.run('until [ -s count ]; do :; done; cat count')).stdout);
}
