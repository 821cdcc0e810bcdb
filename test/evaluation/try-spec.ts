import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { openBlobs, type Blobs } from '../../src/blobs/blobs.ts';
import type { EvalpoolError } from '../../src/errors.ts';
import { evaluate, type Attempt } from '../../src/evaluation/evaluate.ts';
import { noEvidence, type Evidence } from '../../src/evaluation/evidence.ts';
import { openMirrors } from '../../src/evaluation/fetch/mirrors.ts';
import { openSandboxes } from '../../src/sandbox/e2b-sandboxes.ts';
import { testProvider } from '../fixtures/provider.ts';
import type { Sandboxes } from '../../src/sandbox/sandbox.ts';
import { Spec, type SpecInput } from '../../src/spec.ts';
import { startTestServer, type TestServer } from '../sandbox-server/start-test-server.ts';

/** How an attempt at a spec ended. `code`: '' if it passed. */
export interface Tried extends Evidence {
  code: string;
  stage: string;
  message: string;
  /** What a stage printed, as kept. */
  log(stage: string): Promise<string>;
}

/** A real server, blob store and mirrors to try specs on. */
export interface Bench {
  sandboxes: Sandboxes;
  blobs: Blobs;
  folder: string;
  /** Evaluates the spec once, with this changed about the attempt. */
  attempt(spec: Partial<SpecInput>, change?: Partial<Attempt>): Promise<Tried>;
  close(): Promise<void>;
}

/** Opens one; `close` leaves nothing behind. */
export async function openBench(start: () => Promise<TestServer> = startTestServer): Promise<Bench> {
  const server = await start();
  const folder = mkdtempSync(join(tmpdir(), 'evalpool-bench-'));
  const sandboxes = openSandboxes(testProvider(server.sdk));
  const blobs = openBlobs(join(folder, 'blobs'));
  const mirrors = openMirrors(join(folder, 'mirrors'));
  let number = 0;
  return {
    sandboxes,
    blobs,
    folder,
    async attempt(input, change) {
      const evidence = noEvidence();
      const spec = Spec.parse({ id: 'a', test: 'true', ...input });
      const keyPrefix = `batch/evaluation/${(number += 1)}`;
      const template = spec.template;
      const error = await evaluate(spec, {
        evidence,
        blobs,
        keyPrefix,
        mirrors,
        create: (network) => sandboxes.create({ template, network, metadata: {}, lifeMs: 120_000 }),
        destroy: (sandbox) => sandboxes.destroy(sandbox.id),
        secret: () => undefined,
        networks: ['none'],
        defaultNetwork: 'none',
        signal: new AbortController().signal,
        ...change,
      }).then(
        () => undefined,
        (thrown: EvalpoolError) => thrown,
      );
      return {
        ...evidence,
        code: error === undefined ? '' : (error.code ?? error.name),
        stage: error?.stage ?? '',
        message: error?.message ?? '',
        log: async (stage) => String((await blobs.read(`${keyPrefix}/${stage}.log`)) ?? ''),
      };
    },
    async close() {
      await server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Makes a git repo of these files (path → text; null removes) a commit each; returns its path and commits. */
export function makeRepo(
  folder: string,
  ...versions: ReadonlyArray<Readonly<Record<string, string | null>>>
): { path: string; commits: string[] } {
  const path = mkdtempSync(join(folder, 'repo-'));
  const git = (...args: string[]): string =>
    execFileSync('git', args, { cwd: path, encoding: 'utf8' }).trim();
  git('init', '-q', '-b', 'main', '.');
  const commits = versions.map((files) => {
    for (const [name, text] of Object.entries(files)) writeOrRemove(join(path, name), text);
    git('add', '-A');
    git('-c', 'user.name=t', '-c', 'user.email=t@t', 'commit', '-q', '--allow-empty', '-m', 'version');
    return git('rev-parse', 'HEAD');
  });
  return { path, commits };
}

function writeOrRemove(path: string, text: string | null): void {
  if (text === null) return rmSync(path, { recursive: true });
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
