import { expect, test } from 'vitest';
import { isInNetworks, readNetwork, subtractNetworks } from '../../src/sandbox-server/ipv4-networks.ts';

const ALL = '0.0.0.0/0';

test.each([
  ['8.8.8.8', '8.8.8.8/32'],
  ['8.8.8.8/24', '8.8.8.0/24'],
  ['255.255.255.255/1', '128.0.0.0/1'],
  [ALL, ALL],
  ['8.8.8.8/33', null],
  ['8.8.8.8/', null],
  ['8.8.8.8/8/8', null],
  ['8.8.8', null],
  ['example.com', null],
  ['8.8.8.8:53', null],
  ['::1', null],
  ['', null],
])('%s is the network %s', (text, network) => {
  expect(readNetwork(text)).toBe(network);
});

test.each<[string[], string[], string[]]>([
  [[ALL], [], [ALL]],
  [[ALL], [ALL], []],
  [[], ['8.8.8.8/32'], []],
  [[ALL], ['128.0.0.0/1'], ['0.0.0.0/1']],
  [['10.0.0.0/30'], ['10.0.0.1/32'], ['10.0.0.0/32', '10.0.0.2/31']],
  [['10.0.0.0/31', '10.0.0.2/31', '10.0.0.0/32'], [], ['10.0.0.0/30']],
  [['10.0.0.0/24'], ['10.0.0.0/16'], []],
  [['10.0.0.0/24'], ['10.0.1.0/24', '9.255.255.255/32'], ['10.0.0.0/24']],
  [['255.255.255.254/31'], ['255.255.255.254/32'], ['255.255.255.255/32']],
])('%j without %j is %j', (from, without, left) => {
  expect(subtractNetworks(from, without)).toEqual(left);
});

test('what is left of everything without some holds every other address and none of them', () => {
  const holes = ['0.0.0.0/32', '1.2.3.4/32', '93.184.0.0/15', '255.255.255.255/32'];
  const left = subtractNetworks([ALL], holes);
  const sizes = [...left, ...holes].map((network) => 2 ** (32 - Number(network.split('/')[1])));
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(2 ** 32);
  for (const address of ['0.0.0.0', '1.2.3.4', '93.184.216.34', '93.185.255.255', '255.255.255.255'])
    expect(isInNetworks(address, left)).toBe(false);
  for (const address of ['0.0.0.1', '1.2.3.3', '1.2.3.5', '93.183.255.255', '93.186.0.0', '255.255.255.254'])
    expect(isInNetworks(address, left)).toBe(true);
});
