import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import type { Cheat } from './arena.ts';
import { apart } from './specs.ts';

/** Cheats of the patch itself. */
export const BY_THE_PATCH: Cheat[] = [
  {
    name: 'writes to git’s own folder by a patch',
    spec: apart,
    does: {
      submits: {
        patch: '--- /dev/null\n+++ b/.git/hooks/post-checkout\n@@ -0,0 +1 @@\n+echo cheated\n',
      },
    },
    ends: 'PATCH_FAILED',
  },
  {
    name: 'writes to git’s own folder by a file',
    spec: apart,
    does: { submits: { files: { '.git/config': '[core]\n\tfsmonitor = "touch /tmp/x"\n' } } },
    ends: 'SPEC_INVALID',
  },
  {
    name: 'writes out of the repo',
    spec: apart,
    does: { submits: { patch: '--- /dev/null\n+++ b/../.profile\n@@ -0,0 +1 @@\n+exit 0\n' } },
    ends: 'PATCH_FAILED',
  },
  {
    name: 'writes out of the repo through a link that it makes',
    spec: apart,
    does: {
      submits: {
        patch:
          'diff --git a/out b/out\nnew file mode 120000\n--- /dev/null\n+++ b/out\n@@ -0,0 +1 @@\n+/home/user\n\\ No newline at end of file\ndiff --git a/out/.profile b/out/.profile\nnew file mode 100644\n--- /dev/null\n+++ b/out/.profile\n@@ -0,0 +1 @@\n+exit 0\n',
      },
    },
    ends: 'PATCH_FAILED',
  },
  {
    name: 'puts a submodule in place of the tests',
    spec: { ...apart, protect: ['tests'] },
    does: (at) => {
      const commit = '1234567890123456789012345678901234567890';
      rmSync(at('tests'), { recursive: true });
      execFileSync('git', ['rm', '-rq', '--cached', 'tests'], { cwd: at('.') });
      execFileSync('git', ['update-index', '--add', '--cacheinfo', `160000,${commit},tests`], {
        cwd: at('.'),
      });
    },
    ends: 'TESTS_FAILED',
  },
  {
    name: 'changes nothing',
    spec: apart,
    does: { submits: { patch: '\n' } },
    ends: 'EMPTY_PATCH',
  },
];
