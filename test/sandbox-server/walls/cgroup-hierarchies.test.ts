import { expect, test } from 'vitest';
import { groupsIn } from '../../../src/sandbox-server/walls/cgroup-hierarchies.ts';

test('the group of each controller is found, and that of version 2 beside them', () => {
  const text = '12:cpu,cpuacct:/a\n4:memory:/b:c\n1:name=systemd:/\n0::/delegated.slice/x\n';
  expect(Object.fromEntries(groupsIn(text))).toEqual({
    cpu: '/a',
    cpuacct: '/a',
    memory: '/b:c',
    'name=systemd': '/',
    '': '/delegated.slice/x',
  });
});
