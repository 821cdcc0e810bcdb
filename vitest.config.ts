import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['**/*.test.ts'],
    // Real processes on a busy machine: generous, since no test asserts on time.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // A bare machine knows no committer, and the user's must not matter.
    env: {
      GIT_AUTHOR_NAME: 'test',
      GIT_AUTHOR_EMAIL: 'test@example.org',
      GIT_COMMITTER_NAME: 'test',
      GIT_COMMITTER_EMAIL: 'test@example.org',
    },
    pool: 'forks',
    maxWorkers: 2,
  },
});
