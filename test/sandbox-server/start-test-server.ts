import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Sandbox } from 'e2b';
import type { WallName } from '../../src/config.ts';
import { makeLog, type Log } from '../../src/log.ts';
import type { Network } from '../../src/stage.ts';
import type { Wall } from '../../src/sandbox-server/box.ts';
import { NO_FAULTS } from '../../src/sandbox-server/faults/fault-rules.ts';
import { NO_TIER, type Tier } from '../../src/sandbox-server/limits/tier.ts';
import { SimulatedWall } from '../../src/sandbox-server/simulated/simulated-wall.ts';
import { startSandboxServer, type SandboxServer } from '../../src/sandbox-server/start-server.ts';
import { openWall } from '../../src/sandbox-server/walls/open-wall.ts';

/** A real server with the real wall on a free port, and how the SDK reaches it. */
export interface TestServer {
  server: SandboxServer;
  /** Options of every SDK call; no network, which costs time and is the walls' to test. */
  sdk: { apiUrl: string; sandboxUrl: string; apiKey: string; allowInternetAccess: boolean };
  /** Which networks its sandboxes can have on this machine. */
  networks: readonly Network[];
  /** Ends every box underneath the server. */
  endBoxes(): Promise<void>;
  close(): Promise<void>;
}

export const LIMITS = { memoryMb: 512, cpus: 2, processes: 128, diskMb: 256 };

/** What a server needs of the walls; `close` removes it. */
export async function openTestWall(
  wallName?: WallName,
): Promise<{ wall: Wall; log: Log; close: () => Promise<void> }> {
  const home = await mkdtemp(join(tmpdir(), 'evalpool-sandboxes-'));
  await chmod(home, 0o755); // the sandboxes' own users pass through it
  const log = makeLog('test', 'silent');
  const wall = await openWall({ home, log, ...(wallName && { wall: wallName }) });
  const close = async (): Promise<void> => {
    await wall.close();
    await rm(home, { recursive: true, force: true });
  };
  return { wall, log, close };
}

/** Starts one that plays this tier; `close` leaves nothing behind. */
export async function startTestServer(
  tier: Partial<Tier> = {},
  maxPaused = 10,
  wallName?: WallName,
): Promise<TestServer> {
  return startOn(await openTestWall(wallName), tier, maxPaused);
}

/** The same with simulated sandboxes. */
export async function startSimulatedServer(tier: Partial<Tier> = {}): Promise<TestServer> {
  const wall = new SimulatedWall();
  return startOn({ wall, log: makeLog('test', 'silent'), close: () => wall.close() }, tier, 10);
}

async function startOn(
  { wall, log, close }: Awaited<ReturnType<typeof openTestWall>>,
  tier: Partial<Tier>,
  maxPaused: number,
): Promise<TestServer> {
  const apiKey = 'key-of-the-test';
  const server = await startSandboxServer({
    host: '127.0.0.1',
    port: 0,
    apiKey,
    limits: LIMITS,
    tier: { ...NO_TIER, ...tier },
    maxPaused,
    faults: NO_FAULTS,
    wall,
    log,
  });
  return {
    server,
    sdk: { apiUrl: server.url, sandboxUrl: server.url, apiKey, allowInternetAccess: false },
    networks: wall.report().networks,
    endBoxes: () => wall.close(),
    close: async () => {
      await server.close();
      await close();
    },
  };
}

/** What the SDK sends with every request to a sandbox. */
export function dataPlaneHeaders(sandbox: Sandbox): Record<string, string> {
  const token = String(Reflect.get(sandbox, 'envdAccessToken'));
  return { 'e2b-sandbox-id': sandbox.sandboxId, 'e2b-sandbox-port': '49983', 'x-access-token': token };
}

/** A Connect envelope around a message. */
export function envelope(json: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(5 + Buffer.byteLength(json));
  new DataView(bytes.buffer).setUint32(1, bytes.length - 5);
  bytes.set(new TextEncoder().encode(json), 5);
  return bytes;
}
