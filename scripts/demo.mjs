// npm run demo: prepares, makes git repos out of examples/demo, evaluates the demo's batch with the real command in
// real sandboxes, and checks each outcome against the one written beside its spec.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { specs, unreadableLines } from '../examples/demo/specs.mjs';
import { giveUp, prepare, root } from './prepare.mjs';

const DEMO = join(root, 'examples', 'demo');
const OUT = join(root, 'results', 'demo');

prepare();
const place = mkdtempSync(join(tmpdir(), 'evalpool-demo-'));
try {
  makeRepo(join(place, 'calculator'));
  writeBatch(join(place, 'specs.jsonl'));
  rmSync(OUT, { recursive: true, force: true });
  runBatch(join(place, 'specs.jsonl'));
  process.exitCode = compare();
} finally {
  rmSync(place, { recursive: true, force: true });
}

// Two versions: the second one documents `divide`, so that patches made for the first apply only 3-way.
function makeRepo(folder) {
  mkdirSync(folder, { recursive: true });
  git(folder, 'init', '--quiet', '--initial-branch=main');
  cpSync(join(DEMO, 'calculator'), folder, { recursive: true });
  commit(folder, 'The first version');
  git(folder, 'tag', 'v1.0');
  cpSync(join(DEMO, 'calculator-v2'), folder, { recursive: true });
  commit(folder, 'Document divide');
}

function commit(folder, message) {
  git(folder, 'add', '--all');
  git(
    folder,
    '-c',
    'user.name=demo',
    '-c',
    'user.email=demo@example.org',
    'commit',
    '--quiet',
    '-m',
    message,
  );
}

function git(folder, ...args) {
  const { status, stderr } = spawnSync('git', args, { cwd: folder, encoding: 'utf8' });
  if (status !== 0) giveUp(`git ${args.join(' ')}: ${stderr}`);
}

function writeBatch(path) {
  const lines = [...specs.map((spec) => JSON.stringify(spec)), ...unreadableLines];
  writeFileSync(path, lines.map((line) => `${line}\n`).join(''));
}

function runBatch(batch) {
  const cli = join(root, 'dist', 'src', 'cli', 'main.js');
  // A name of its own each time: a batch that has results is not evaluated again.
  const name = `demo-${Date.now()}`;
  const argv = [
    cli,
    'run',
    batch,
    '--batch',
    name,
    '--out',
    OUT,
    '--provider',
    'local',
    '--min-completion',
    '0',
  ];
  const { status, signal } = spawnSync(process.execPath, argv, { stdio: 'inherit' });
  if (status !== 0) giveUp(`evalpool run ended with ${signal ?? `status ${status}`}`);
}

function compare() {
  const results = readFileSync(join(OUT, 'results.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const wrong = specs.flatMap((spec) =>
    difference(
      spec,
      results.find((result) => result.id === spec.id),
    ),
  );
  const unreadable = results.filter(({ reason }) => reason === 'unreadable').length;
  if (unreadable !== unreadableLines.length) {
    wrong.push(`unreadable lines: expected ${unreadableLines.length}, got ${unreadable}`);
  }
  const all = specs.length + unreadableLines.length;
  for (const line of wrong) console.log(`NOT AS EXPECTED  ${line}`);
  console.log(
    `\n${all - wrong.length} of ${all} came out as expected; results and logs: ${relative(process.cwd(), OUT)}/`,
  );
  return wrong.length === 0 ? 0 : 1;
}

function difference({ id, labels: { expect } }, result) {
  const came = result ? [result.outcome, result.reason].filter(Boolean).join('/') : 'missing';
  // Where no reason is written, any will do.
  const same = expect.includes('/') ? came === expect : came.split('/')[0] === expect;
  return same ? [] : [`${id}: expected ${expect}, got ${came} ${result?.failure?.message ?? ''}`];
}
