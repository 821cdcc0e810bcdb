import { readFile } from 'node:fs/promises';
import { Agent, request, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import pLimit from 'p-limit';
import type { Samples } from '../measure.ts';
import { latencyLines } from './latency.ts';
import { startServer, type Account } from './start.ts';

// Thousands of simulated sandboxes at once, each with a command that runs, by bare HTTP from this process: the SDK would be
// the slower side. The server is another process, and its memory and CPU are read from /proc.

const AT_ONCE = 32;
/** Of /proc. */
const TICKS_PER_S = 100;
/** Long enough that every command still runs when the last one has started. */
const COMMAND = 'sim 600 out 64k';

interface Alive {
  id: string;
  token: string;
  /** The answer to its running command. */
  stream: IncomingMessage | undefined;
}

/** Creates `count` sandboxes, runs a command in each, lists and ends them all; says what it took. */
export async function measureSimulated(home: string, count: number): Promise<string[]> {
  const server = await startServer(home, ['--simulate']);
  const agent = new Agent({ keepAlive: true, maxSockets: Infinity });
  const client = { account: server.account, agent };
  try {
    const use = new Use(server.pid);
    const lines = [`${count} simulated sandboxes, ${AT_ONCE} requests at once:`, await use.tell('idle')];
    const alive: Alive[] = [];
    const creates = await times(count, async () => void alive.push(await create(client)));
    lines.push(...described('create', creates), await use.tell(`${count} alive`));
    const starts = await times(count, (at) => startCommand(client, alive[at]));
    lines.push(...described('start a command', starts), await use.tell(`${count} commands running`));
    const ledger: { live: number } = JSON.parse(await ask(client, { method: 'GET', path: '/admin/ledger' }));
    if (ledger.live !== count) throw new Error(`${ledger.live} of ${count} live`);
    const kills = await times(count, async (at) => {
      await ask(client, { method: 'DELETE', path: `/sandboxes/${alive[at]?.id}` });
    });
    lines.push(...described('destroy', kills), await use.tell('all gone'));
    return lines;
  } finally {
    agent.destroy();
    await server.close();
  }
}

interface Client {
  account: Account;
  agent: Agent;
}

interface Asked {
  method: string;
  path: string;
  headers?: Record<string, string>;
  body?: Buffer | string;
}

async function create(client: Client): Promise<Alive> {
  const body = JSON.stringify({ templateID: 'base', timeout: 3600, metadata: { bench: 'simulated' } });
  const reply = await ask(client, {
    method: 'POST',
    path: '/v2/sandboxes',
    headers: { 'content-type': 'application/json' },
    body,
  });
  const made: { sandboxID: string; envdAccessToken: string } = JSON.parse(reply);
  return { id: made.sandboxID, token: made.envdAccessToken, stream: undefined };
}

// Done when its first event is there; the stream stays open.
async function startCommand(client: Client, sandbox: Alive | undefined): Promise<void> {
  if (!sandbox) throw new Error('a sandbox is missing');
  const process = { cmd: '/bin/bash', args: ['-l', '-c', COMMAND] };
  sandbox.stream = await send(client, {
    method: 'POST',
    path: '/process.Process/Start',
    headers: {
      'content-type': 'application/connect+json',
      'connect-protocol-version': '1',
      'e2b-sandbox-id': sandbox.id,
      'e2b-sandbox-port': '49983',
      'x-access-token': sandbox.token,
    },
    body: envelope(JSON.stringify({ process, stdin: false })),
  });
  sandbox.stream.on('error', () => {}); // its sandbox is killed
  await once(sandbox.stream, 'data');
}

async function ask(client: Client, asked: Asked): Promise<string> {
  const reply = await send(client, asked);
  const body = await text(reply);
  if ((reply.statusCode ?? 500) >= 300) throw new Error(`${asked.path}: ${reply.statusCode} ${body}`);
  return body;
}

async function send(
  { account, agent }: Client,
  { method, path, headers, body }: Asked,
): Promise<IncomingMessage> {
  const sent = request(account.apiUrl + path, {
    method,
    agent,
    headers: { 'x-api-key': account.apiKey, ...headers },
  });
  sent.end(body);
  const [reply]: IncomingMessage[] = await once(sent, 'response');
  if (!reply) throw new Error('no reply');
  return reply;
}

function envelope(json: string): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(Buffer.byteLength(json), 1);
  return Buffer.concat([head, Buffer.from(json)]);
}

interface Phase {
  samples: Samples;
  seconds: number;
}

async function times(count: number, work: (at: number) => Promise<void>): Promise<Phase> {
  const limit = pLimit(AT_ONCE);
  const samples: Samples = [];
  const startedMs = performance.now();
  const one = async (at: number): Promise<void> => {
    const sentMs = performance.now();
    await work(at);
    samples.push(performance.now() - sentMs);
  };
  await Promise.all(Array.from({ length: count }, (_, at) => limit(() => one(at))));
  return { samples: samples.toSorted((a, b) => a - b), seconds: (performance.now() - startedMs) / 1000 };
}

function described(what: string, { samples, seconds }: Phase): string[] {
  const perS = Math.round(samples.length / seconds);
  return latencyLines({ [what]: samples }).map((line) => `${line}, ${perS} a second`);
}

/** What the server and this client use between two looks. */
class Use {
  readonly #pid: number;
  #serverS = 0;
  #clientS = 0;

  constructor(pid: number) {
    this.#pid = pid;
  }

  /** The server's memory now, and the CPU time since the last look. */
  async tell(when: string): Promise<string> {
    const [stat, status] = await Promise.all(
      ['stat', 'status'].map((name) => readFile(`/proc/${this.#pid}/${name}`, 'utf8')),
    );
    const fields = String(stat)
      .replace(/^.*\) /, '')
      .split(' ');
    const serverS = (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S;
    const { user, system } = process.cpuUsage();
    const clientS = (user + system) / 1e6;
    const spent = `${(serverS - this.#serverS).toFixed(2)} s, of the client ${(clientS - this.#clientS).toFixed(2)} s`;
    this.#serverS = serverS;
    this.#clientS = clientS;
    const megabytes = Number(/^VmRSS:\s+(\d+)/m.exec(String(status))?.[1] ?? 0) / 1024;
    return `  ${when}: server ${megabytes.toFixed(0)} MB; CPU until then ${spent}`;
  }
}
