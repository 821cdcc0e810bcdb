import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';

/** What of the host an attack aims at; all of it is open to everyone on the host. */
export interface HostTargets {
  /** Written in every target. */
  secret: string;
  /** A file that holds the secret. */
  file: string;
  /** A folder that anyone may write to. */
  folder: string;
  /** TCP port of every address, and names of sockets, that answer with the secret. */
  port: number;
  abstractSocket: string;
  socketFile: string;
  /** A process whose command line has the secret. */
  pid: number;
  isAlive(): boolean;
  /** Addresses of this host other than loopback. */
  addresses: string[];
  close(): void;
}

/** Lays them out. `close` removes them. */
export async function layTargets(): Promise<HostTargets> {
  const secret = `secret-${process.pid}-${Math.random().toString(36).slice(2)}`;
  const folder = mkdtempSync(join(tmpdir(), 'evalpool-target-'));
  chmodSync(folder, 0o777);
  const [file, socketFile, abstractSocket] = [
    join(folder, 'file'),
    join(folder, 'socket'),
    `${secret}-socket`,
  ];
  writeFileSync(file, secret, { mode: 0o666 });
  const servers = [tell(secret), tell(secret), tell(secret)];
  const [tcp, abstract, named] = servers;
  await Promise.all([
    listen(tcp, { port: 0, host: '::' }),
    listen(abstract, { path: `\0${abstractSocket}` }),
    listen(named, { path: socketFile }),
  ]);
  chmodSync(socketFile, 0o777);
  const address = tcp?.address();
  const victim = spawn('perl', ['-e', 'sleep 1000', secret], { stdio: 'ignore' });
  return {
    secret,
    file,
    folder,
    port: typeof address === 'object' ? (address?.port ?? 0) : 0,
    abstractSocket,
    socketFile,
    pid: victim.pid ?? 0,
    isAlive: () => victim.exitCode === null && victim.signalCode === null,
    addresses: ownAddresses(),
    close: () => {
      victim.kill('SIGKILL');
      for (const server of servers) server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function ownAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return all.filter(({ internal, scopeid }) => !internal && !scopeid).map(({ address }) => address);
}

function tell(secret: string): Server {
  return createServer((socket) => socket.on('error', () => {}).end(`${secret}\n`));
}

function listen(
  server: Server | undefined,
  where: { port?: number; host?: string; path?: string },
): Promise<void> {
  return new Promise((resolve) => server?.listen(where, resolve));
}
