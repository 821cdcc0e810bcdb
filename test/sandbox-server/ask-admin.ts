import type { TestServer } from './start-test-server.ts';

/** One line of the ledger, whatever it tells of. */
export interface Entry {
  n: number;
  what: 'live' | 'gone' | 'create' | 'destroy';
  id: string | null;
  atMs?: number;
  askedAtMs?: number;
  answeredAtMs?: number | null;
  status?: number | null;
  refused?: string;
  why?: string;
}

/** The ledger without its entries, as far as tests ask. */
export interface LedgerSummary {
  live: number;
  highest: { live: number; atMs: number };
  mostCreatesInASecond: { arrived: number; accepted: number };
  creates: {
    asked: number;
    accepted: number;
    created: number;
    unanswered: number;
    refused: Record<string, number>;
  };
  destroys: Record<string, number>;
  gone: Record<string, number>;
}

/** Asks a server's admin endpoint, as whoever holds its key. */
export async function askAdmin(
  { server, sdk }: TestServer,
  method: string,
  path: string,
  body?: unknown,
): Promise<Response> {
  return fetch(server.url + path, {
    method,
    headers: { 'x-api-key': sdk.apiKey, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

export async function readLedger(host: TestServer): Promise<LedgerSummary> {
  return JSON.parse(await (await askAdmin(host, 'GET', '/admin/ledger')).text());
}

/** The entries after a number. */
export async function readEntries(host: TestServer, after = 0): Promise<Entry[]> {
  const reply = await askAdmin(host, 'GET', `/admin/ledger/entries?after=${after}`);
  const text = await reply.text();
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));
}

/** Plays these faults and no others from now on. */
export async function playFaults(host: TestServer, ...rules: object[]): Promise<void> {
  const reply = await askAdmin(host, 'PUT', '/admin/faults', { seed: 1, rules });
  if (!reply.ok) throw new Error(await reply.text());
}

/** The faults that are played, and how often. */
export async function readFaults(host: TestServer): Promise<unknown> {
  return (await askAdmin(host, 'GET', '/admin/faults')).json();
}
