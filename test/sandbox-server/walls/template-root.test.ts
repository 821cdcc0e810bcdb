import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LayerStack } from '../../../src/sandbox-server/box.ts';
import { makeTinyRoot } from '../tiny-root.ts';
import { startLayerWall, type LayerWall } from './start-layer-wall.ts';
import { LIMITS, run } from './start-wall.ts';

// Where overlays cannot be mounted both ways are the second; the report says so.
describe.each([
  ['mounted', true],
  ['bound', false],
])("A box whose root is a template's, %s,", (_way, mountLayers) => {
  let walls: LayerWall;
  let template: LayerStack;
  beforeAll(async () => {
    walls = await startLayerWall(mountLayers);
    const folder = walls.nextLayer();
    const root = join(folder, 'root');
    for (const name of ['home/user', 'tmp', 'proc', ...(walls.isMounted ? [] : ['dev'])])
      mkdirSync(join(root, name), { recursive: true });
    makeTinyRoot(root);
    if (walls.isMounted) symlinkSync('/etc', join(root, 'dev'));
    writeFileSync(join(root, 'home/user/.profile'), 'of the template\n');
    writeFileSync(`${folder}.lock`, '');
    template = { holds: 'root', folders: [folder], isTopWhole: true };
  });
  afterAll(() => walls.close());

  test('sees the template and nothing of this machine', async () => {
    const box = await walls.open(template);
    const seen = await run(
      box,
      'ls -d /opt/* /usr/share /etc/os-release /home/user/.profile; ls /dev /proc/1/root; id -u',
    );
    expect(seen.out).toMatch(/^\/home\/user\/.profile\n\/opt\/only-here\n\/dev:\n[^:]*null\n[^:]*\n1000\n$/s);
    expect(seen.err).toMatch(
      /usr\/share.*No such file.*os-release.*No such file.*proc\/1\/root.*Permission denied/s,
    );
    await box.destroy();
  });

  test('shows the same tree to the server', async () => {
    const box = await walls.open(template);
    await run(box, 'echo inside > /home/user/f');
    const file = await box.files.openForRead('/home/user/f');
    expect(String(await file.read(0, file.size))).toBe('inside\n');
    await file.close();
    expect((await box.files.stat('/opt/only-here')).kind).toBe('folder');
    await expect(box.files.stat('/usr/share')).rejects.toThrow('ENOENT');
    await box.destroy();
  });

  test('tells how full its own disk is, wherever its home leads', async () => {
    const box = await walls.open(template);
    const { out } = await run(
      box,
      'cd /; mv /home/user /home/old && ln -s / /home/user; [ -L /home/user ] && echo linked',
    );
    expect(out).toBe(walls.isMounted ? 'linked\n' : '');
    expect((await box.usage()).diskTotalBytes).toBe(LIMITS.diskMb * 1024 * 1024);
    await box.destroy();
  });

  test('keeps what it writes from the template, and gives it to boxes that start from it', async () => {
    const next = await walls.saved('echo mine > .profile; echo t > /tmp/t; mkdir d', template);
    const box = await walls.open(next);
    expect((await run(box, 'cat .profile /tmp/t; ls')).out).toBe('mine\nt\nd\n');
    await box.destroy();
    expect(readFileSync(join(template.folders[0] ?? '', 'root/home/user/.profile'), 'utf8')).toBe(
      'of the template\n',
    );
  });

  test('is never entered by what the box of before left in place of programs', async ({ skip }) => {
    if (!walls.isMounted) skip('a template that is only bound cannot be changed');
    const fake = "rm $p && printf '#!/bin/bash\\necho ran > /tmp/ran\\n' > $p && chmod 755 $p";
    const next = await walls.saved(`for p in /usr/bin/cat /usr/bin/env; do ${fake}; done`, template);
    const box = await walls.open(next);
    expect((await run(box, 'ls /tmp; cat < /dev/null; ls /tmp')).out).toBe('ran\n');
    await box.destroy();
  });

  test.runIf(mountLayers)('may be changed everywhere', async ({ skip }) => {
    if (!walls.isMounted) skip('overlays cannot be mounted here');
    const box = await walls.open(template);
    const changes =
      'echo x > /opt/only-here/x && rm /usr/bin/cat && touch /new && mv /opt /opt2 && ls /opt2/only-here';
    expect(await run(box, changes)).toMatchObject({ out: 'x\n', err: '', exit: { code: 0 } });
    await box.destroy();
  });
});
