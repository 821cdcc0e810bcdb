import { isIPv4 } from 'node:net';

/** Addresses from `first` to `last`, as numbers. */
interface Range {
  first: number;
  last: number;
}

const ALL = 2 ** 32;

/** The network that a text names (`a.b.c.d/n`, or one address), in the form `a.b.c.d/n`; null: it names none. */
export function readNetwork(text: string): string | null {
  const [address = '', bits = '32', ...more] = text.split('/');
  if (!isIPv4(address) || !/^\d{1,2}$/.test(bits) || Number(bits) > 32 || more.length > 0) return null;
  const size = 2 ** (32 - Number(bits));
  return format(Math.floor(toNumber(address) / size) * size, size);
}

/** What is left of some networks without others, as networks. All in the form of readNetwork. */
export function subtractNetworks(from: readonly string[], without: readonly string[]): string[] {
  const holes = merge(without.map(toRange));
  return merge(from.map(toRange))
    .flatMap((range) => cut(range, holes))
    .flatMap(toNetworks);
}

/** Is the address in one of the networks? */
export function isInNetworks(address: string, networks: readonly string[]): boolean {
  const number = toNumber(address);
  return networks.map(toRange).some(({ first, last }) => first <= number && number <= last);
}

function toNumber(address: string): number {
  return address.split('.').reduce((number, byte) => number * 256 + Number(byte), 0);
}

function toRange(network: string): Range {
  const [address = '', bits] = network.split('/');
  const first = toNumber(address);
  return { first, last: first + 2 ** (32 - Number(bits)) - 1 };
}

function merge(ranges: readonly Range[]): Range[] {
  const merged: Range[] = [];
  for (const range of ranges.toSorted((a, b) => a.first - b.first)) {
    const before = merged.at(-1);
    if (before && range.first <= before.last + 1) before.last = Math.max(before.last, range.last);
    else merged.push({ ...range });
  }
  return merged;
}

function cut({ first, last }: Range, holes: readonly Range[]): Range[] {
  const left: Range[] = [];
  let from = first;
  for (const hole of holes) {
    if (hole.last < from || hole.first > last) continue;
    if (hole.first > from) left.push({ first: from, last: hole.first - 1 });
    from = hole.last + 1;
  }
  return from <= last ? [...left, { first: from, last }] : left;
}

// Each network is as large as its place and the end of the range allow.
function toNetworks({ first, last }: Range): string[] {
  const networks: string[] = [];
  for (let from = first; from <= last;) {
    let size = 1;
    while (size < ALL && from % (size * 2) === 0 && from + size * 2 - 1 <= last) size *= 2;
    networks.push(format(from, size));
    from += size;
  }
  return networks;
}

function format(first: number, size: number): string {
  const bytes = [24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256);
  return `${bytes.join('.')}/${32 - Math.log2(size)}`;
}
