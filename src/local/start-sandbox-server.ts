import { join } from 'node:path';
import { z } from 'zod';
import { childEnvironment, type WallName } from '../config.ts';
import { NETWORKS } from '../stage.ts';
import type { Home } from './home.ts';
import type { Programs } from './locate-programs.ts';
import type { Nursery } from './nursery.ts';
import { startChild, type Child } from './start-child.ts';
import { firstLineOf } from './until-ready.ts';

/** What the server says of its walls. */
export const Wall = z.object({
  wall: z.string(),
  facts: z.array(z.object({ name: z.string(), inForce: z.boolean(), by: z.string() })),
  networks: z.array(z.enum(NETWORKS)),
});

const FirstLine = z.object({ url: z.string(), apiKey: z.string(), wall: Wall });

/** The walls and limits that sandboxes of this machine really have, in words. */
export type WallReport = z.output<typeof Wall>;

/** Where the local sandbox server listens, its key, and the walls it found. */
export type LocalProvider = z.output<typeof FirstLine>;

/** Starts the sandbox server on a free port of the loopback; only this process and the workers know its key. */
export async function startSandboxServer(
  home: Home,
  nursery: Nursery,
  started: { programs: Programs; wall: WallName },
): Promise<{ child: Child; provider: LocalProvider }> {
  const folder = join(home.path, 'sandboxes');
  const options = ['--port', '0', '--home', folder, '--wall', started.wall, '--json'];
  const child = startChild(nursery, {
    name: 'sandbox-server',
    argv: [process.execPath, started.programs.sandboxServer, ...options],
    env: childEnvironment(),
    endSignal: 'TERM',
    lingerS: 3,
    graceS: 8,
    rank: 1,
  });
  return { child, provider: FirstLine.parse(await firstLineOf(child)) };
}
