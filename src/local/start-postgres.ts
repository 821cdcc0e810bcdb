import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { childEnvironment } from '../config.ts';
import { EvalpoolError } from '../errors.ts';
import { makeServiceFolder, SERVICE_USER, type Home } from './home.ts';
import { installPostgres } from './install-postgres.ts';
import type { Nursery } from './nursery.ts';
import { startChild, type Child } from './start-child.ts';
import { untilReady } from './until-ready.ts';

/** Small, and safe: what is committed survives a power cut. Nobody but us can reach the socket. */
const SETTINGS = {
  listen_addresses: '',
  unix_socket_permissions: '0700',
  max_connections: '100',
  shared_buffers: '64MB',
  jit: 'off',
  autovacuum_naptime: '20s',
  log_min_messages: 'warning',
  log_timezone: 'UTC',
  timezone: 'UTC',
};

/** URL of the embedded database. */
export function postgresUrl(home: Home): string {
  return databaseUrl(home, 'evalpool');
}

/** Starts the embedded Postgres, made ready on the first call, and resolves once it answers. */
export async function startPostgres(home: Home, nursery: Nursery): Promise<Child> {
  const program = await installPostgres(home.path);
  const data = await initData(home, nursery, program);
  const settings = Object.entries(SETTINGS).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const child = startChild(nursery, {
    name: 'postgres',
    argv: [join(program, 'bin', 'postgres'), '-D', data, '-k', home.postgresSockets, ...settings],
    env: childEnvironment(),
    user: SERVICE_USER,
    endSignal: 'INT', // "fast": ends sessions and leaves nothing to recover
    lingerS: 3,
    graceS: 8,
    rank: 2,
  });
  await untilReady(child, () => createDatabase(home));
  return child;
}

async function initData(home: Home, nursery: Nursery, program: string): Promise<string> {
  const folder = join(home.path, 'database');
  const data = join(folder, '18');
  if (existsSync(data)) return data;
  const unfinished = `${data}.new`;
  makeServiceFolder(folder);
  await rm(unfinished, { recursive: true, force: true });
  const child = startChild(nursery, {
    name: 'initdb',
    argv: [join(program, 'bin', 'initdb'), ...initFlags(unfinished)],
    env: childEnvironment(),
    user: SERVICE_USER,
    endSignal: 'TERM',
    lingerS: 0,
    graceS: 2,
    rank: 2,
  });
  const status = await child.ended;
  if (status !== 0) {
    throw new EvalpoolError(
      'STACK_FAILED',
      `initdb failed (status ${status}); log: ${join(home.logs, 'initdb.log')}`,
    );
  }
  await rename(unfinished, data);
  return data;
}

// trust: the socket's folder is closed to everybody else.
function initFlags(data: string): string[] {
  return ['-D', data, '-U', 'evalpool', '--auth=trust', '--encoding=UTF8', '--no-locale', '--no-sync'];
}

async function createDatabase(home: Home): Promise<void> {
  const client = new Client({ connectionString: databaseUrl(home, 'postgres') });
  client.on('error', () => {});
  try {
    await client.connect();
    const { rowCount } = await client.query("select 1 from pg_database where datname = 'evalpool'");
    if (rowCount === 0) await client.query('create database evalpool');
  } finally {
    await client.end();
  }
}

function databaseUrl(home: Home, name: string): string {
  return `postgres://evalpool@localhost/${name}?host=${encodeURIComponent(home.postgresSockets)}`;
}
