import test from 'node:test';

test('reads the moon phase', () => {
  throw new Error('broken since the first commit, and nobody asks for it');
});
