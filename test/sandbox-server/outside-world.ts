import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** A piece of the internet that is not there: a network namespace behind a virtual cable, in a network kept for examples. */
export interface OutsideWorld {
  /** Two addresses that say `hello` on the port to whoever connects, and on `echoPort` whatever they are told. */
  addresses: readonly [string, string];
  /** This machine's own address in their network. */
  own: string;
  /** The whole network. */
  network: string;
  port: number;
  echoPort: number;
  close(): void;
}

const [PORT, ECHO_PORT] = [7777, 7778];
const GREETER = `
const { createServer } = require('node:net');
createServer((socket) => socket.on('error', () => {}).pipe(socket)).listen(${ECHO_PORT}, () =>
  createServer((socket) => socket.end('hello\\n')).listen(${PORT}, () => console.log('ready')));`;

/** Makes one; null: this takes root and iproute2. */
export async function makeOutsideWorld(): Promise<OutsideWorld | null> {
  if (process.getuid?.() !== 0 || spawnSync('ip', ['-V']).status !== 0) return null;
  // One for each process of the tests: 203.0.113.0/24 (RFC 5737) has sixteen such networks.
  const base = (process.pid % 16) * 16;
  const [name, cable] = [`evalpool-${process.pid}`, `ep${process.pid}`];
  const addresses = [`203.0.113.${base + 2}`, `203.0.113.${base + 3}`] as const;
  const [own, network] = [`203.0.113.${base + 1}`, `203.0.113.${base}/28`];
  ip(`netns add ${name}`);
  try {
    ip(`link add ${cable} type veth peer name inner netns ${name}`);
    // Routed, and not on a link of this machine: what is on one is refused like the machine.
    ip(`addr add ${own}/32 dev ${cable}`);
    ip(`link set ${cable} up`);
    ip(`route add ${network} dev ${cable} src ${own}`);
    for (const address of addresses) ip(`-n ${name} addr add ${address}/28 dev inner`);
    ip(`-n ${name} link set inner up`);
    const greeter = await startGreeter(name);
    const close = (): void => {
      greeter.kill('SIGKILL');
      spawnSync('ip', ['netns', 'del', name]);
    };
    return { addresses, own, network, port: PORT, echoPort: ECHO_PORT, close };
  } catch (error) {
    spawnSync('ip', ['netns', 'del', name]);
    throw error;
  }
}

async function startGreeter(namespace: string): Promise<ChildProcess> {
  const argv = ['netns', 'exec', namespace, process.execPath, '-e', GREETER];
  const greeter = spawn('ip', argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(greeter.stdout, 'data');
  return greeter;
}

function ip(words: string): void {
  const { status, stderr } = spawnSync('ip', words.split(' '), { encoding: 'utf8' });
  if (status !== 0) throw new Error(`ip ${words}: ${stderr}`);
}
