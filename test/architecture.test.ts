import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';

/** The plan of the house: rooms by floor. Imports go down only, never up, never sideways. Ground is src/*.ts. */
const FLOORS = {
  ground: ['ground'],
  outside: ['database', 'queue', 'slots', 'sandbox', 'blobs', 'metrics', 'tracing'],
  flows: ['intake', 'dispatch', 'evaluation', 'reports', 'maintenance', 'local'],
  entries: ['cli', 'api', 'sandbox-server', 'workers'],
};

/** The only steps sideways, each with its reason. */
const BESIDE: Record<string, readonly string[]> = {
  slots: ['database'], // a slot is a row
  workers: ['api'], // the health and metrics server
  cli: ['sandbox-server', 'api'], // `evalpool sandbox-server` starts it; `run --metrics-port` serves
};

/** Rooms that share nothing but the ground with the rest, though they stand higher. */
const ALONE = ['sandbox-server'];

/** Which rooms may import a library. Whatever is not listed may not be imported at all. */
const OWNERS: Record<string, readonly string[] | 'anyone'> = {
  bullmq: ['queue'],
  ioredis: ['queue', 'local'],
  '@e2b/code-interpreter': ['sandbox'],
  e2b: ['sandbox'],
  pg: ['database', 'local'],
  kysely: ['database', 'slots', 'local'],
  'prom-client': ['metrics'],
  pino: ['ground'],
  '@opentelemetry/api': ['tracing'],
  '@opentelemetry/exporter-trace-otlp-http': ['tracing'],
  '@opentelemetry/exporter-trace-otlp-proto': ['tracing'],
  '@opentelemetry/resources': ['tracing'],
  '@opentelemetry/sdk-trace-base': ['tracing'],
  fastify: ['api', 'sandbox-server'],
  'fastify-type-provider-zod': ['api'],
  '@fastify/swagger': ['api'],
  '@fastify/swagger-ui': ['api'],
  '@fastify/multipart': ['api', 'sandbox-server'],
  '@bufbuild/protobuf': ['sandbox-server'],
  commander: ['cli'],
  'cli-table3': ['reports', 'cli'],
  'log-update': ['reports', 'cli'],
  'smol-toml': ['intake'],
  saxes: ['evaluation'],
  tar: ['sandbox-server'],
  'tap-parser': ['evaluation'],
  'fastest-levenshtein': ['ground'],
  picomatch: ['intake', 'evaluation', 'sandbox-server'],
  'p-limit': 'anyone',
  zod: 'anyone',
};

/** The only files that are loaded when they are wanted, each by one other file of its room alone, each with its reason. */
const LOADED_LATE: Record<string, string> = {
  // OpenTelemetry costs the start of a process 75 ms; most are never asked for traces.
  'src/tracing/send-spans.ts': 'src/tracing/tracing.ts',
};

const ROOT = join(import.meta.dirname, '..');

test('every import of src and workers goes down, and every library stays with its owner', () => {
  expect(readSources().flatMap(([path, text]) => findViolations(path, text))).toEqual([]);
});

test('every room of src is in the plan', () => {
  const rooms = readdirSync(join(ROOT, 'src'), { withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  );
  expect(rooms.map(({ name }) => name).filter((name) => floorOf(name) === undefined)).toEqual([]);
});

test('dashboards know the catalogue of metrics, and nothing else of the house', () => {
  const imports = readSources(['grafana']).flatMap(([, text]) => [
    ...text.matchAll(/from '[./]+\/(src\/[^']+)'/g),
  ]);
  expect(new Set(imports.map(([, path]) => path))).toEqual(new Set(['src/metrics/catalogue.ts']));
});

test.each([
  ['src/queue/a.ts', "import { x } from '../dispatch/x.ts';", 'up: dispatch'],
  ['src/config.ts', "import type { X } from './queue/x.ts';", 'up: queue'],
  ['src/reports/a.ts', "export { x } from '../intake/x.ts';", 'sideways: intake'],
  ['src/api/a.ts', "import { x } from '../../workers/x.ts';", 'sideways: workers'],
  ['src/sandbox-server/a.ts', "import { x } from '../sandbox/x.ts';", 'shares only the ground: sandbox'],
  ['src/evaluation/a.ts', "import { Queue } from 'bullmq';", 'not an owner: bullmq'],
  ['src/cli/a.ts', "import type { X } from '@scope/unknown/deep';", 'not an owner: @scope/unknown'],
  ['workers/a.ts', "import '../src/config.ts';", 'side effect: ../src/config.ts'],
  ['src/slots/a.ts', "const x = await import('../database/x.ts');", 'dynamic import'],
  ['src/tracing/tracing.ts', "const x = await import('./other.ts');", 'dynamic import'],
  ['src/tracing/span.ts', "const x = await import('./send-spans.ts');", 'dynamic import'],
  ['src/tracing/tracing.ts', "import { x } from './send-spans.ts';", 'to be loaded late: ./send-spans.ts'],
  ['src/slots/a.ts', "let x: import('../flow/x.ts').X;", 'import type expression'],
])('%s may not say %s', (path, text, problem) => {
  expect(findViolations(path, text)).toEqual([`${path}: ${problem}`]);
});

test.each([
  ['src/slots/a.ts', "import { x } from '../database/x.ts';"],
  ['src/intake/formats/a.ts', "import { x } from '../accept.ts'; import { Spec } from '../../spec.ts';"],
  ['src/queue/a.ts', "import { once } from 'node:events'; import { Queue } from 'bullmq';"],
  ['src/tracing/tracing.ts', "const x = await import('./send-spans.ts');"],
  ['src/tracing/tracing.ts', "import type { X } from './send-spans.ts';"],
  ['workers/a.ts', "import { x } from '../src/evaluation/x.ts'; // import('never')"],
])('%s may say %s', (path, text) => {
  expect(findViolations(path, text)).toEqual([]);
});

function findViolations(path: string, text: string): string[] {
  const problems: string[] = [];
  const visit = (node: ts.Node): void => {
    problems.push(...problemsOf(path, node));
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.ES2022));
  return problems.map((problem) => `${path}: ${problem}`);
}

function problemsOf(path: string, node: ts.Node): string[] {
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
    return isLate(path, node.arguments[0]) ? [] : ['dynamic import'];
  if (ts.isImportTypeNode(node)) return ['import type expression'];
  if (!ts.isImportDeclaration(node) && !ts.isExportDeclaration(node)) return [];
  if (!node.moduleSpecifier || !ts.isStringLiteral(node.moduleSpecifier)) return [];
  const target = node.moduleSpecifier.text;
  if (ts.isImportDeclaration(node) && !node.importClause) return [`side effect: ${target}`];
  const types =
    ts.isImportDeclaration(node) && node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
  if (!types && resolved(path, target) in LOADED_LATE) return [`to be loaded late: ${target}`];
  const problem = target.startsWith('.') ? roomProblem(path, target) : libraryProblem(path, target);
  return problem === undefined ? [] : [problem];
}

function isLate(path: string, target: ts.Expression | undefined): boolean {
  return !!target && ts.isStringLiteral(target) && LOADED_LATE[resolved(path, target.text)] === path;
}

function resolved(path: string, target: string): string {
  return normalize(join(dirname(path), target));
}

function roomProblem(path: string, target: string): string | undefined {
  const from = roomOf(path);
  const to = roomOf(resolved(path, target));
  if (from === to || BESIDE[from]?.includes(to)) return undefined;
  if (ALONE.includes(from) && to !== 'ground') return `shares only the ground: ${to}`;
  const [floor, below] = [floorOf(from) ?? -1, floorOf(to) ?? Infinity];
  if (below < floor) return undefined;
  return below === floor ? `sideways: ${to}` : `up: ${to}`;
}

function libraryProblem(path: string, target: string): string | undefined {
  if (target.startsWith('node:')) return undefined;
  const library = target.split('/', target.startsWith('@') ? 2 : 1).join('/');
  const owners = OWNERS[library] ?? [];
  return owners === 'anyone' || owners.includes(roomOf(path)) ? undefined : `not an owner: ${library}`;
}

function roomOf(path: string): string {
  const [top = '', room = '', ...inside] = path.split('/');
  if (top !== 'src') return top;
  return inside.length > 0 ? room : 'ground';
}

function floorOf(room: string): number | undefined {
  const floor = Object.values(FLOORS).findIndex((rooms) => rooms.includes(room));
  return floor === -1 ? undefined : floor;
}

function readSources(tops = ['src', 'workers']): Array<[path: string, text: string]> {
  return tops.flatMap((top) =>
    readdirSync(join(ROOT, top), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file): [string, string] => [join(top, file), readFileSync(join(ROOT, top, file), 'utf8')]),
  );
}
