import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startReceiver, type Receiver } from '../fixtures/otlp-receiver.ts';
import { startCli, type Ended } from './run-cli.ts';

let folder = '';
let receiver: Receiver;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'evalpool-traced-'));
  chmodSync(folder, 0o711); // the stack of root has services that are not root
  receiver = await startReceiver();
});
afterAll(() => {
  receiver.close();
  rmSync(folder, { recursive: true, force: true });
});

const cli = (args: string[], env: Record<string, string> = {}): Promise<Ended> =>
  startCli(args, { cwd: folder, env: { EVALPOOL_HOME: join(folder, 'home'), ...env } }).ended;

test('a run on one machine is traced by the standard variables, and its sandboxes do not see them', async () => {
  const seen = '! env | grep --quiet OTEL_';
  writeFileSync(join(folder, 'one.jsonl'), JSON.stringify({ id: 'one', test: seen }));
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_EXPORTER_OTLP_HEADERS: 'x-key=the-key-of-the-collector',
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=desk',
  };
  const ran = await cli(['run', 'one.jsonl', '--batch', 'traced', '--json'], env);
  expect(JSON.parse(ran.stdout)).toMatchObject({ outcomes: { passed: 1 } });
  const explained: { trace: string } = JSON.parse((await cli(['explain', 'traced', 'one', '--json'])).stdout);
  const [{ path, headers } = {}] = receiver.requests;
  expect({ path, headers }).toMatchObject({
    path: '/v1/traces',
    headers: { 'content-type': 'application/x-protobuf', 'x-key': 'the-key-of-the-collector' },
  });
  const sent = Buffer.concat(receiver.requests.map(({ body }) => body));
  expect(sent.includes(Buffer.from(explained.trace, 'hex'))).toBe(true);
  for (const word of ['evalpool-dispatcher', 'evalpool-evaluator', 'desk', 'destroy'])
    expect(sent.includes(word)).toBe(true);
});
