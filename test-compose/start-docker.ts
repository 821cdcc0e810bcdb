import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

// 1. Uses the docker daemon that runs, or starts one of its own, whose images the next run finds again.
// 2. Builds evalpool's images, and stand-ins for those of others unless EVALPOOL_TEST_IMAGES=real.

const ROOT = join(import.meta.dirname, '..');
const FOLDER = '/var/lib/evalpool-compose';
const SOCKET = `unix://${FOLDER}/docker.sock`;
const MOST_OUTPUT_BYTES = 64 * 1024 * 1024;

/** A docker daemon. */
export interface Docker {
  /** Runs a program that talks to it, in the project's folder; its standard output. Rejects with what it said. */
  run(program: string, args: readonly string[], input?: string | Buffer): Promise<Buffer>;
  /** Ends the daemon if it was started here. */
  close(): Promise<void>;
}

/** Finds or starts a daemon, with all images that docker-compose.yml names. */
export async function startDocker(): Promise<Docker> {
  const found = await answers(undefined);
  const daemon = found ? undefined : await startDaemon();
  const docker = { run: runner(found ? undefined : SOCKET), close: async () => await stop(daemon) };
  try {
    await buildImages(docker);
    return docker;
  } catch (error) {
    await docker.close();
    throw error;
  }
}

function runner(host: string | undefined): Docker['run'] {
  const env = { ...process.env, ...(host && { DOCKER_HOST: host }), DOCKER_BUILDKIT: '0' };
  return async (program, args, input) => {
    const running = promisify(execFile)(program, args, {
      cwd: ROOT,
      env,
      maxBuffer: MOST_OUTPUT_BYTES,
      encoding: 'buffer',
    });
    running.child.stdin?.on('error', () => {});
    running.child.stdin?.end(input);
    try {
      return (await running).stdout;
    } catch (error) {
      const said = error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error);
      throw new Error(`${program} ${args.join(' ')}: ${said.slice(-4000)}`, { cause: error });
    }
  };
}

async function answers(host: string | undefined): Promise<boolean> {
  return runner(host)('docker', ['info']).then(
    () => true,
    () => false,
  );
}

async function startDaemon(): Promise<ChildProcess> {
  mkdirSync(FOLDER, { recursive: true });
  const log = openSync(join(FOLDER, 'dockerd.log'), 'w');
  const argv = ['--host', SOCKET, '--data-root', join(FOLDER, 'data'), '--exec-root', join(FOLDER, 'run')];
  const daemon = spawn('dockerd', [...argv, '--pidfile', join(FOLDER, 'pid')], {
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  daemon.once('error', () => {});
  while (!(await answers(SOCKET))) {
    if (daemon.exitCode !== null || daemon.pid === undefined)
      throw new Error(
        `dockerd does not run: apt-get install docker.io docker-compose; ${FOLDER}/dockerd.log`,
      );
    await delay(200);
  }
  return daemon;
}

async function stop(daemon: ChildProcess | undefined): Promise<void> {
  if (!daemon || daemon.exitCode !== null) return;
  daemon.kill('SIGTERM');
  await once(daemon, 'exit');
}

async function buildImages(docker: Docker): Promise<void> {
  if (process.env['EVALPOOL_TEST_IMAGES'] !== 'real') await docker.run('test-compose/stand-ins/build.sh', []);
  for (const [target, tag] of [
    ['evalpool', 'evalpool:latest'],
    ['sandbox-server', 'evalpool-sandbox-server:latest'],
  ])
    await docker.run('docker', [
      'build',
      '--quiet',
      '--network',
      'host',
      '--target',
      target ?? '',
      '--tag',
      tag ?? '',
      '.',
    ]);
}
