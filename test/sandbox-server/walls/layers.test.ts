import { lstatSync, readdirSync, readFileSync, statfsSync, writeFileSync } from 'node:fs';
import { release, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HostBox } from '../../../src/sandbox-server/walls/launched-wall.ts';
import { startLayerWall, type LayerWall } from './start-layer-wall.ts';
import { IS_ROOT, run, startWall } from './start-wall.ts';

const [MAJOR = 0, MINOR = 0] = release().split('.').map(Number);

// Where overlays cannot be mounted both ways are the second; the report says so.
describe.each([
  ['mounted', true],
  ['copied', false],
])('A box whose layers are %s', (_way, mountLayers) => {
  let walls: LayerWall;
  beforeAll(async () => {
    walls = await startLayerWall(mountLayers);
  });
  afterAll(() => walls.close());

  test('has the files of the saved one, as they were and its own', async () => {
    const before = await walls.saved(`
      mkdir -p d/e; echo hi > d/e/f; chmod 640 d/e/f; touch -d @1.25 d/e/f; ln d/e/f d/g; ln -s /nowhere link
      mkfifo pipe; truncate -s 1G holes; echo end >> holes; mkdir -m 0 closed; echo x > "$(printf 'a\\nb')"; echo t > /tmp/t`);
    const box = await walls.open(before);
    const seen = await run(
      box,
      `stat -c '%n %a %h %U %.2Y' d/e/f d/g; readlink link; stat -c %F pipe; tail -c 4 holes; stat -c %a closed
       [ $(stat -c %b holes) -lt 100 ] && echo sparse; cat "$(printf 'a\\nb')" /tmp/t; stat -c %a /tmp`,
    );
    expect(seen.out).toBe(
      'd/e/f 640 2 user 1.25\nd/g 640 2 user 1.25\n/nowhere\nfifo\nend\n0\nsparse\nx\nt\n1777\n',
    );
    const changes = 'echo more >> d/e/f && chmod 700 closed && touch closed/x && mv d c && rm -r c/e && ls c';
    expect(await run(box, changes)).toMatchObject({ out: 'g\n', err: '', exit: { code: 0 } });
    await box.destroy();
  });

  test('shares nothing that is written afterwards with its source or its siblings', async () => {
    const source = await walls.open();
    await run(source, 'echo first > f; mkdir d');
    const files = await walls.save(source);
    const from = files.layers;
    const [one, two] = await Promise.all([walls.open(from), walls.open(from)]);
    await Promise.all([run(source, 'echo source > f'), run(one, 'echo one > f; touch d/one; rm -r /tmp/*')]);
    expect((await run(two, 'cat f; ls d')).out).toBe('first\n');
    expect((await run(source, 'cat f; ls d')).out).toBe('source\n');
    expect((await run(one, 'cat f; ls d')).out).toBe('one\none\n');
    await Promise.all([source, one, two].map((box) => box.destroy()));
    await files.release();
  });

  test('does not see again what the saved one removed of the layer below', async () => {
    const first = await walls.saved('mkdir -p keep gone again/old; touch keep/a keep/b gone/x again/y');
    const second = await walls.saved('rm -r gone again keep/a; mkdir again; touch again/new', first);
    const third = await walls.saved('touch keep/c; mv keep moved', second);
    const box = await walls.open(third);
    expect((await run(box, 'ls . moved again')).out).toBe(
      '.:\nagain\nmoved\n\nagain:\nnew\n\nmoved:\nb\nc\n',
    );
    expect(third.folders).toHaveLength(walls.isMounted ? 3 : 1);
    await box.destroy();
  });

  test('cannot have links followed, devices or privileges brought to the disk of the host', async () => {
    const secret = join(walls.home, 'secret');
    writeFileSync(secret, 'secret');
    const folder = walls.nextLayer();
    const box = await walls.open();
    const program = `perl -e 'mkdir "d"; symlink "${secret}", "d/file"; symlink "${walls.home}", "d/folder";
      syscall 133, my $name = "hidden", 020000, 0; open F, ">", "suid"; chmod 06755, "suid"'`;
    expect(await run(box, program)).toMatchObject({ err: '', exit: { code: 0 } });
    await walls.save(box, { newFolder: () => folder });
    const home = join(folder, 'home');
    expect(lstatSync(join(home, 'd/file')).isSymbolicLink()).toBe(true);
    expect(lstatSync(join(home, 'd/folder')).isSymbolicLink()).toBe(true);
    expect(readdirSync(home).toSorted()).toEqual(['d', 'suid']);
    const { mode, uid } = lstatSync(join(home, 'suid'));
    expect(mode & 0o7777).toBe(0o755);
    expect(uid).toBe(process.getuid?.());
    expect(lstatSync(folder).mode & 0o777).toBe(0o700);
    await box.destroy();
  });

  test('cannot be saved when its folders lie too deep, and says so', async () => {
    const box = await walls.open();
    await run(box, 'for i in {1..300}; do mkdir d; cd d; done');
    await expect(walls.save(box)).rejects.toThrow('a folder lies too deep');
    await box.destroy();
  });

  test('stops being saved when it is destroyed', async () => {
    const box = await walls.open();
    await run(box, 'head -c 25M /dev/zero > big');
    await box.freeze();
    const saving = box.save({ newFolder: walls.nextLayer, isBrief: false });
    await Promise.all([expect(saving).rejects.toThrow('the sandbox is gone'), box.destroy()]);
  });

  test.runIf(mountLayers)(
    'may write as much as its disk holds, whatever its layers hold',
    async ({ skip }) => {
      if (!walls.isMounted) skip('overlays cannot be mounted here');
      if (MAJOR < 6 || (MAJOR === 6 && MINOR < 3)) skip('before Linux 6.3 a tmpfs cannot be idmapped');
      const big = await walls.saved('head -c 20M /dev/zero > big');
      const box = await walls.open(big);
      expect((await run(box, 'head -c 20M /dev/zero > more')).exit).toEqual({ code: 0 });
      expect((await run(box, 'head -c 20M /dev/zero > too-much')).err).toContain('No space left');
      await box.destroy();
    },
  );
});

describe('A layer that is needed briefly', () => {
  let walls: LayerWall;
  beforeAll(async () => {
    walls = await startLayerWall(true);
  });
  afterAll(() => walls.close());
  const skipUnlessInMemory = (skip: (why: string) => never): void => {
    if (!IS_ROOT) skip('an ordinary user has no layers in memory');
    if (!walls.isMounted) skip('overlays cannot be mounted here');
    if (MAJOR < 6 || (MAJOR === 6 && MINOR < 3)) skip('before Linux 6.3 a tmpfs cannot be idmapped');
  };

  test('lies in memory as long as boxes need it, and what is to last is copied from there', async ({
    skip,
  }) => {
    skipUnlessInMemory(skip);
    const source = await walls.open();
    const memory = `/proc/${launcherOf(source)}/root`;
    await run(source, 'mkdir d; echo one > d/f');
    const files = await walls.save(source, { isBrief: true });
    const [folder = ''] = files.layers.folders;
    expect(folder.startsWith(join(walls.home, 'layers'))).toBe(false);
    const child = await walls.open(files.layers);
    await files.release();
    await source.destroy();
    await run(child, 'rm d/f; echo two > d/g');
    const [brief, lasting] = [await walls.save(child, { isBrief: true }), await walls.save(child)];
    await child.destroy();
    const grandchild = await walls.open(brief.layers);
    await Promise.all([brief.release(), lasting.release()]);
    expect(await run(grandchild, 'cat d/*; ls d')).toMatchObject({ out: 'two\ng\n' });
    expect(readdirSync(memory + dirname(folder))).toHaveLength(4); // two layers and their locks
    await grandchild.destroy();
    await expect.poll(() => readdirSync(memory + dirname(folder))).toEqual([]);
    const late = await walls.open(lasting.layers);
    expect(await run(late, 'cat d/*; ls d')).toMatchObject({ out: 'two\ng\n' });
    expect(lasting.layers.folders.map(dirname)).toEqual(Array(2).fill(join(walls.home, 'layers')));
    await late.destroy();
  });

  test('is not to be seen on the host, nor after its launcher', async ({ skip }) => {
    skipUnlessInMemory(skip);
    const source = await walls.open();
    await run(source, 'echo one > f');
    const { layers } = await walls.save(source, { isBrief: true });
    expect(readdirSync(dirname(layers.folders[0] ?? ''))).toEqual([]);
    process.kill(launcherOf(source), 'SIGKILL');
    await source.ended;
    await expect(walls.open(layers)).rejects.toThrow('the template was removed');
    await (await walls.open()).destroy();
  });
});

// Of ext4 and xfs; overlays of ordinary users need extended attributes of theirs on a tmpfs too.
const CAN_MOUNT =
  [0xef53, 0x58465342].includes(statfsSync(tmpdir()).type) && MAJOR * 100 + MINOR >= (IS_ROOT ? 519 : 606);

test.runIf(CAN_MOUNT)('Layers are mounted where the kernel is known to let us', async () => {
  const { wall, close } = await startWall();
  expect(wall.report().facts).toContainEqual({
    name: 'layers',
    inForce: true,
    by: 'overlayfs: templates, snapshots and forks are not copied',
  });
  await close();
});

/** Host pid of what made a box: bubblewrap is between. */
function launcherOf({ pid }: HostBox): number {
  return parentOf(parentOf(pid));
}

function parentOf(pid: number): number {
  return Number(/PPid:\t(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}
