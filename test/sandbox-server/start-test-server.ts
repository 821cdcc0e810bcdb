import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Sandbox } from 'e2b';
import type { WallName } from '../../src/config.ts';
import { makeLog, type Log } from '../../src/log.ts';
import type { Network } from '../../src/stage.ts';
import type { Wall } from '../../src/sandbox-server/box.ts';
import { NO_FAULTS } from '../../src/sandbox-server/faults/fault-rules.ts';
import { NO_TIER, type Tier } from '../../src/sandbox-server/limits/tier.ts';
import { removeFolder } from '../../src/sandbox-server/own-folder.ts';
import { SimulatedWall } from '../../src/sandbox-server/simulated/simulated-wall.ts';
import { startSandboxServer, type SandboxServer } from '../../src/sandbox-server/start-server.ts';
import { Templates } from '../../src/sandbox-server/templates/templates.ts';
import { openWall } from '../../src/sandbox-server/walls/open-wall.ts';

/** A real server with the real wall on a free port, and how the SDK reaches it. */
export interface TestServer {
  server: SandboxServer;
  /** Where its sandboxes' files and templates lie. */
  home: string;
  /** Options of every SDK call; no network, which costs time and is the walls' to test. */
  sdk: { apiUrl: string; sandboxUrl: string; apiKey: string; allowInternetAccess: boolean };
  /** Which networks its sandboxes can have on this machine. */
  networks: readonly Network[];
  /** Ends every box underneath the server. */
  endBoxes(): Promise<void>;
  close(): Promise<void>;
}

const KEY = 'key-of-the-test';
export const LIMITS = { memoryMb: 512, cpus: 2, processes: 128, diskMb: 256 };

/** What a server needs of the machine. */
interface TestWall {
  home: string;
  wall: Wall;
  templates: Templates;
  log: Log;
  close: () => Promise<void>;
}

/** Opens a wall in a home of its own; `close` removes it. */
export async function openTestWall(wallName?: WallName): Promise<TestWall> {
  return inHome((home, log) => openWall({ home, log, ...(wallName && { wall: wallName }) }));
}

async function inHome(open: (home: string, log: Log) => Promise<Wall>): Promise<TestWall> {
  const home = await mkdtemp(join(tmpdir(), 'evalpool-sandboxes-'));
  await chmod(home, 0o755); // the sandboxes' own users pass through it
  const log = makeLog('test', 'silent');
  const wall = await open(home, log);
  const close = async (): Promise<void> => {
    await wall.close();
    removeFolder(home);
  };
  return { home, wall, templates: new Templates(home), log, close };
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
export async function startSimulatedServer(
  tier: Partial<Tier> = {},
  apiKey: string = KEY,
): Promise<TestServer> {
  return startOn(await inHome(async () => new SimulatedWall()), tier, 10, apiKey);
}

async function startOn(
  { home, wall, templates, log, close }: TestWall,
  tier: Partial<Tier>,
  maxPaused: number,
  apiKey: string = KEY,
): Promise<TestServer> {
  const server = await startSandboxServer({
    host: '127.0.0.1',
    port: 0,
    apiKey,
    limits: LIMITS,
    tier: { ...NO_TIER, ...tier },
    maxPaused,
    faults: NO_FAULTS,
    templates,
    wall,
    log,
  });
  return {
    server,
    home,
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
