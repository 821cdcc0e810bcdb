import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Sandbox, TimeoutError } from 'e2b';
import { describe, expect, onTestFinished, test } from 'vitest';
import { makeLog } from '../src/log.ts';
import { findHierarchies } from '../src/sandbox-server/walls/cgroup-hierarchies.ts';
import { openWall } from '../src/sandbox-server/walls/open-wall.ts';
import { startTestServer } from '../test/sandbox-server/start-test-server.ts';
import { until } from '../test/sandbox-server/walls/start-wall.ts';
import { whatRunscLacks } from './runsc-lacking.ts';

const lacking = whatRunscLacks();

describe.skipIf(lacking !== null)(
  `The host around a sandbox of runsc${lacking ? `: ${lacking}` : ''}`,
  () => {
    test('at its end a sandbox is gone, and so is everything of it', async () => {
      const host = await startTestServer({}, 10, 'runsc');
      onTestFinished(() => host.close());
      const short = await Sandbox.create({ ...host.sdk, timeoutMs: 3000 });
      const id = short.sandboxId;
      expect(processesNaming(id).length).toBeGreaterThan(1);
      expect(groupsNaming(id).length).toBeGreaterThan(0);
      await expect(short.commands.run('sleep 1000')).rejects.toThrow(TimeoutError);
      await expect.poll(async () => short.isRunning()).toBe(false);
      await expect.poll(() => [...processesNaming(id), ...groupsNaming(id)]).toEqual([]);
    });

    test('while it lives, no other process can reach the socket on which runsc takes orders', async () => {
      const host = await startTestServer({}, 10, 'runsc');
      onTestFinished(() => host.close());
      const { sandboxId } = await Sandbox.create(host.sdk);
      // It is abstract: whoever is in its network namespace may connect, whatever its user.
      const socket = `@runsc-sandbox.${sandboxId}`;
      const networks = processesNaming(sandboxId).map((pid) => read(`/proc/${pid}/net/unix`));
      expect(networks.some((sockets) => sockets.includes(socket))).toBe(true);
      expect(read('/proc/net/unix')).not.toContain(socket);
    });

    test('its processes stand still at once, however busy they are', async () => {
      const host = await startTestServer({}, 10, 'runsc');
      onTestFinished(() => host.close());
      const sandbox = await Sandbox.create(host.sdk);
      await sandbox.commands.run('while :; do /bin/true; done', { background: true });
      for (let round = 1; round <= 60; round++) {
        await sandbox.pause();
        await Sandbox.connect(sandbox.sandboxId, host.sdk);
      }
      expect((await sandbox.commands.run('echo on')).stdout).toBe('on\n');
    });

    test.each(['running', 'frozen'])(
      'a server killed with -9 leaves nothing of a %s sandbox',
      async (state) => {
        const home = mkdtempSync(join(tmpdir(), 'evalpool-killed-'));
        chmodSync(home, 0o755); // open to the sandboxes' ids, so that what is shown to them lies here
        const script = join(import.meta.dirname, '../test/sandbox-server/walls/open-and-wait.ts');
        const server = spawn(process.execPath, ['--import', 'tsx', script, home, state, 'runsc'], {
          stdio: ['ignore', 'pipe', 'inherit'],
        });
        const first = (await until(server.stdout, '\n')).split(' ')[0] ?? '';
        const namespaces = ['pid', 'mnt'].map((kind) => namespaceOf(first, kind));
        expect(inNamespaces(namespaces).length).toBeGreaterThan(2);
        const exit = once(server, 'exit');
        server.kill('SIGKILL');
        await exit;
        await expect.poll(() => inNamespaces(namespaces)).toEqual([]);
        // Empty groups and folders are for the next server to remove.
        const next = await openWall({ home, log: makeLog('test', 'warn'), wall: 'runsc' });
        expect(groupsNaming(`evalpool-${server.pid}-`)).toEqual([]);
        await next.close();
        expect(readdirSync(join(home, 'walls')).filter((name) => name.includes('-'))).toEqual([]);
        rmSync(home, { recursive: true, force: true });
      },
    );
  },
);

function processesNaming(id: string): string[] {
  return pids().filter((pid) => read(`/proc/${pid}/cmdline`).split('\0').includes(id));
}

/** Control groups of servers, and of their sandboxes, whose name begins so. */
function groupsNaming(start: string): string[] {
  return findHierarchies().flatMap(({ folder }) => {
    const servers = entriesOf(folder).filter((name) => name.startsWith('evalpool-'));
    const names = servers.flatMap((server) => [server, ...entriesOf(join(folder, server))]);
    return names.filter((name) => name.startsWith(start));
  });
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // another server's, removed meanwhile
  }
}

function inNamespaces(namespaces: readonly (string | null)[]): string[] {
  return pids().filter(
    (pid) => namespaces.includes(namespaceOf(pid, 'pid')) || namespaces.includes(namespaceOf(pid, 'mnt')),
  );
}

function namespaceOf(pid: string, kind: string): string | null {
  try {
    return readlinkSync(`/proc/${pid}/ns/${kind}`);
  } catch {
    return null; // over meanwhile
  }
}

function pids(): string[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
