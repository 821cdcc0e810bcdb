import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeRun } from '../bench/export/make-run.ts';
import { openResults } from '../src/cli/export.ts';
import { countRun } from '../src/reports/formats/count-run.ts';
import { FORMATS } from '../src/reports/formats/formats.ts';
import { writeExport } from '../src/reports/formats/write-export.ts';
import { failure, HOSTILE, RESULTS, writeRun } from '../test/reports/formats/a-run.ts';

const CHROMIUM = '/usr/bin/chromium';
// Chromium would look for its maker's servers; as root it has no sandbox of its own.
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const EVALUATIONS = 10_000;
const ATTACKS = [
  HOSTILE,
  '<img src=x onerror="window.attacked = true">',
  '</script><script>window.attacked = true</script>',
  '<!--<script>window.attacked = true</script>',
  '"><svg onload="window.attacked = true">',
];

const INJECTED = `
  document.body.insertAdjacentHTML('beforeend', '<img src="http://127.0.0.1:1/x" onerror="window.attacked = 1">');
  const script = document.createElement('script');
  script.textContent = 'window.attacked = 1';
  document.body.append(script);
`;

describe.skipIf(!existsSync(CHROMIUM))(
  `The report in a browser (skipped without ${CHROMIUM}: apt-get install chromium)`,
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'evalpool-page-'));
    let browser: Browser;

    beforeAll(async () => {
      browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGS });
      await makeRun(join(folder, 'night'), EVALUATIONS);
      await writePage(join(folder, 'night'), 'night.html');
    });
    afterAll(async () => {
      await browser.close();
      rmSync(folder, { recursive: true, force: true });
    });

    async function writePage(from: string, name: string, against?: string): Promise<void> {
      const format = FORMATS['html'];
      const other = against === undefined ? undefined : (await countRun(await openResults(against))).run;
      if (format)
        await writeExport(format, {
          run: await openResults(from),
          wishes: { against: other },
          out: join(folder, name),
        });
    }

    /** Opens a page without network; whatever it asks for or complains of is noted. */
    async function openPage(name: string): Promise<{ page: Page; noted: string[] }> {
      const context = await browser.newContext({ offline: true });
      const page = await context.newPage();
      const noted: string[] = [];
      const url = pathToFileURL(join(folder, name)).href;
      page.on('request', (request) => {
        if (request.url() !== url) noted.push(`request: ${request.url()}`);
      });
      page.on('console', (message) => noted.push(`console: ${message.text()}`));
      page.on('pageerror', (error) => noted.push(`error: ${error.message}`));
      page.on('dialog', (dialog) => {
        noted.push(`dialog: ${dialog.message()}`);
        void dialog.dismiss();
      });
      await page.goto(url);
      return { page, noted };
    }

    test(`opens ${EVALUATIONS} evaluations, searches, filters, sorts, and shows the log of a failure`, async () => {
      const began = performance.now();
      const { page, noted } = await openPage('night.html');
      const shown = page.locator('#shown');
      await expect.poll(() => shown.textContent()).toBe('1 to 100 of 10000');
      process.stdout.write(
        `opened ${EVALUATIONS} evaluations in ${Math.round(performance.now() - began)} ms\n`,
      );
      expect(await page.locator('h1').textContent()).toBe('night');
      expect(await page.locator('#headline').textContent()).toContain('pass rate 61.2 %');
      expect(await page.getByRole('table', { name: 'language' }).locator('tbody tr').count()).toBe(4);

      await page.getByLabel('Search').fill('REPO-2499 tests');
      await expect.poll(() => shown.textContent()).toBe('1 to 2 of 2 that match, of 10000');
      await page.getByLabel('Search').fill('owner__repo-5');
      await page.getByRole('button', { name: 'owner__repo-5', exact: true }).click();
      await expect
        .poll(() => page.locator('.details pre').textContent())
        .toMatch(/File "t.py"[\s\S]*E {2}assert 1 == 2$/);
      await page.getByLabel('Search').fill('');
      await page.getByLabel('Outcome').selectOption('infra_error');
      await page.getByLabel('Label').selectOption('model=beta-32b');
      await expect.poll(() => shown.textContent()).toMatch(/^1 to \d+ of \d+ that match, of 10000$/);
      expect(new Set(await page.locator('#rows td:nth-child(2)').allTextContents())).toEqual(
        new Set(['infra error']),
      );

      await page.getByLabel('Label').selectOption('');
      await page.getByLabel('Outcome').selectOption('failed');
      await page.getByRole('button', { name: 'seconds' }).click();
      const seconds = async (): Promise<number[]> =>
        (await page.locator('#rows td:nth-child(4)').allTextContents()).map(Number);
      const upward = await seconds();
      expect(upward).toEqual(upward.toSorted((a, b) => a - b));
      await page.getByRole('button', { name: 'seconds' }).click();
      const downward = await seconds();
      expect(downward).toEqual(downward.toSorted((a, b) => b - a));
      expect(downward[0]).toBeGreaterThan(upward[0] ?? Infinity);
      expect(await page.locator('th[aria-sort=descending]').textContent()).toBe('seconds');
      await page.getByRole('button', { name: 'Next page' }).click();
      await expect.poll(() => shown.textContent()).toMatch(/^101 to 200 /);

      expect(noted).toEqual([]);
    });

    test('runs nothing that a candidate has written, and sends nothing', async () => {
      const hostile = ATTACKS.map((text, index) => ({
        id: text,
        sample: index,
        labels: { [text]: text, model: `${index}${text}` },
        outcome: 'failed',
        reason: text,
        failure: failure(text, 'test', text),
        tests: [{ name: text, status: 'failed', message: text }],
        provider: text,
        logs: { test: 'logs/hostile/test.log' },
      }));
      const attacked = [
        ...hostile,
        { id: ATTACKS[0], sample: 99, outcome: 'passed', labels: { model: ATTACKS[1] } },
      ];
      const run = writeRun([...RESULTS, ...attacked], { batch: ATTACKS[2], provider: ATTACKS[1] });
      const other = writeRun(attacked.map((result) => ({ ...result, outcome: 'passed' })));
      try {
        await writePage(run.folder, 'hostile.html', other.folder);
      } finally {
        run.remove();
        other.remove();
      }
      const { page, noted } = await openPage('hostile.html');
      await expect.poll(() => page.locator('#shown').textContent()).toBe('1 to 14 of 14');
      for (const button of await page.locator('#rows button').all()) await button.click();
      expect(await page.locator('.details').count()).toBe(14);
      expect(await page.locator('h1').textContent()).toBe(ATTACKS[2]);
      expect(await page.title()).toBe(`evalpool: ${ATTACKS[2]}`);
      expect(await page.locator('#comparison').textContent()).toContain(ATTACKS[1]);
      expect(await page.locator('img, svg, iframe, object, link').count()).toBe(0);
      expect(await page.locator('script').count()).toBe(3);
      expect(await page.evaluate(() => 'attacked' in globalThis)).toBe(false);
      expect(noted).toEqual([]);
    });

    test('may run no script but its own, nor fetch anything, whatever gets into it', async () => {
      const { page, noted } = await openPage('night.html');
      const refused: Array<string | undefined> = [];
      page.on('requestfailed', (request) => refused.push(request.failure()?.errorText));
      await page.evaluate(INJECTED);
      await expect
        .poll(() => noted.filter((line) => line.includes('Content Security Policy')).length)
        .toBeGreaterThan(1);
      expect(refused).toEqual(['csp']);
      expect(await page.evaluate(() => 'attacked' in globalThis)).toBe(false);
    });

    test('is used by keyboard alone', async () => {
      const { page } = await openPage('night.html');
      await page.locator('#rows button').first().focus();
      await page.keyboard.press('Enter');
      await expect.poll(() => page.locator('.details').count()).toBe(1);
      await page.keyboard.press('Enter');
      await expect.poll(() => page.locator('.details').count()).toBe(0);
      await page.getByLabel('Search').focus();
      await page.keyboard.type('repo-2499');
      await page.keyboard.press('Enter');
      await expect.poll(() => page.locator('#shown').textContent()).toBe('1 to 4 of 4 that match, of 10000');
    });
  },
);
