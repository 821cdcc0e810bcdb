import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { RULES } from '../grafana/src/queries.ts';

const FOLDER = join(RULES, '..');
const SUCCESS = { status: 0, output: expect.stringContaining('SUCCESS') };
const MISSING = spawnSync('promtool', ['--version']).status !== 0;

describe.skipIf(MISSING)(
  'The alerts, as Prometheus sees them (skipped without promtool: apt-get install prometheus)',
  () => {
    test('are rules that it loads', () => {
      expect(promtool('check', 'rules', RULES)).toEqual(SUCCESS);
    });

    const files = readdirSync(FOLDER).filter((file) => file.endsWith('.test.yml'));
    test.each(files)('fire and keep silent as %s says', (file) => {
      expect(promtool('test', 'rules', join(FOLDER, file))).toEqual(SUCCESS);
    });
  },
);

function promtool(...args: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync('promtool', args, { encoding: 'utf8' });
  return { status, output: `${stdout}${stderr}` };
}
