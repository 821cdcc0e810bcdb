import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { locatePrograms } from '../../src/local/locate-programs.ts';

/** How the SDK reaches a server. */
export interface Account {
  apiUrl: string;
  sandboxUrl: string;
  apiKey: string;
}

/** A sandbox server in a process of its own. */
export interface ServerProcess {
  process: ChildProcess;
  pid: number;
  account: Account;
  /** Asks it to end and waits until it has. */
  close(): Promise<void>;
}

/** Starts the built server on a free port, its state in `home`. */
export async function startServer(home: string, flags: readonly string[] = []): Promise<ServerProcess> {
  const argv = [locatePrograms().sandboxServer, '--json', '--home', home, ...flags];
  const server = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  const { value } = await createInterface({ input: server.stdout })[Symbol.asyncIterator]().next();
  const { url, apiKey }: { url: string; apiKey: string } = JSON.parse(String(value));
  return {
    process: server,
    pid: server.pid ?? 0,
    account: { apiUrl: url, sandboxUrl: url, apiKey },
    close: async () => {
      const gone = once(server, 'exit');
      server.kill('SIGTERM');
      await gone;
    },
  };
}
