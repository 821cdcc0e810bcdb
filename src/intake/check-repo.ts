import { BlockList, isIP } from 'node:net';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PRIVATE_NETWORKS } from '../private-networks.ts';

/** What a submitter may name: the CLI's user also paths of this machine and private hosts, others not. */
export type Permit = 'local' | 'remote';

/** A `repo` as it is stored, or in words why it is refused. */
export type CheckedRepo = { repo: string } | { refused: string };

const SCP_LIKE = /^(?:[A-Za-z0-9._-]+@)?([A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9A-Fa-f:.]+\]):(?!\/\/)(.+)$/;
const PRIVATE_V4 = ['0.0.0.0/8', '127.0.0.0/8', ...PRIVATE_NETWORKS];
const PRIVATE_V6 = [
  'fc00::/7',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
  // Those carry IPv4 addresses inside: compatible, mapped, NAT64 and 6to4.
  '::/96',
  '::ffff:0:0/96',
  '64:ff9b::/32',
  '2002::/16',
];
// One list each: in a common one, the mapped addresses of IPv6 would match every IPv4 address.
const BLOCKED = { 4: blockList('ipv4', PRIVATE_V4), 6: blockList('ipv6', PRIVATE_V6) };

/**
 * Checks where a spec wants code from. Local paths become absolute, relative to `folder`. Refused for all: helper
 * transports (`ext::`), options in disguise (`-`), http and git URLs. Names are not resolved here: what a name points
 * to is the fetch's business.
 */
export function checkRepo(repo: string, permit: Permit, folder: string): CheckedRepo {
  if (repo.startsWith('-')) return { refused: 'starts with "-", which git would read as an option' };
  if (/^[A-Za-z0-9+.-]+::/.test(repo)) return { refused: "git's helper transports (name::) are not allowed" };
  if (/^file:/i.test(repo) || /^(\.{0,2}|~)(\/|$)/.test(repo)) {
    if (permit === 'remote') return { refused: "paths of the evaluator's machine are for the CLI only" };
    return localPath(repo, folder);
  }
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(repo)?.[1]?.toLowerCase();
  if (scheme) return checkUrl(repo, scheme, permit);
  const host = SCP_LIKE.exec(repo)?.[1];
  if (!host) {
    return {
      refused: 'expected an https or ssh URL, or (from the CLI) a path that starts with / ./ ../ or ~/',
    };
  }
  return permit === 'remote' && isPrivateHost(host) ? { refused: privateHost(host) } : { repo };
}

function localPath(repo: string, folder: string): CheckedRepo {
  if (/^file:/i.test(repo)) {
    try {
      return { repo: fileURLToPath(repo) };
    } catch {
      return { refused: 'expected a file URL of this machine: file:///folder' };
    }
  }
  if (repo === '~' || repo.startsWith('~/')) return { repo: join(homedir(), repo.slice(1)) };
  return { repo: resolve(folder, repo) };
}

function checkUrl(repo: string, scheme: string, permit: Permit): CheckedRepo {
  if (scheme !== 'https' && scheme !== 'ssh')
    return { refused: `expected https or ssh, there was ${scheme}` };
  if (!URL.canParse(repo)) return { refused: 'is not a URL' };
  const url = new URL(repo);
  if (!url.hostname || url.hostname.startsWith('-')) return { refused: 'names no host' };
  if (permit === 'local') return { repo };
  if (url.password || (scheme === 'https' && url.username)) {
    return { refused: 'carries credentials; give them to the evaluators instead' };
  }
  return isPrivateHost(url.hostname) ? { refused: privateHost(url.hostname) } : { repo };
}

function privateHost(host: string): string {
  return `${host} is a private, link-local or loopback host`;
}

function isPrivateHost(host: string): boolean {
  const bare = normalHost(host);
  if (bare === undefined) return true;
  const family = isIP(bare);
  if (family === 4) return BLOCKED[4].check(bare, 'ipv4');
  if (family === 6) return BLOCKED[6].check(bare, 'ipv6');
  return !bare.includes('.') || /\.(localhost|local|internal|intranet|lan|home\.arpa|arpa)$/.test(bare);
}

// Through https's rules, which also read 2130706433, 0x7f.1 and full-width digits as the addresses they are.
function normalHost(host: string): string | undefined {
  const url = `https://${host}/`;
  if (!URL.canParse(url)) return undefined;
  return new URL(url).hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
}

function blockList(kind: 'ipv4' | 'ipv6', nets: readonly string[]): BlockList {
  const list = new BlockList();
  for (const net of nets) {
    const [address = '', bits] = net.split('/');
    list.addSubnet(address, Number(bits), kind);
  }
  return list;
}
