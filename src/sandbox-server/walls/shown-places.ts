import { lstatSync, readlinkSync } from 'node:fs';
import type { ShownFiles } from './shown-files.ts';

/** One place of the tree that every box shows, by its path inside. Places come after the folders that hold them. */
export type ShownPlace = { at: string } & (
  | { kind: 'folder' }
  /** A file or folder of the host, read-only. */
  | { kind: 'host'; from: string }
  | { kind: 'link'; to: string }
);

const NODE = '/opt/node';

/** All that boxes see of this machine, whatever the wall; devices, /proc and the writable places are the wall's to add. */
export function shownPlaces(shown: ShownFiles): ShownPlace[] {
  return [
    { kind: 'host', from: '/usr', at: '/usr' },
    { kind: 'host', from: shown.etc, at: '/etc' },
    ...['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32'].flatMap(asOnHost),
    ...nodePlaces(shown.node),
    { kind: 'folder', at: '/var' },
    { kind: 'folder', at: '/var/empty' },
    { kind: 'folder', at: '/home' },
    { kind: 'link', to: '../tmp', at: '/var/tmp' },
    // Who acts as root is the box's only user.
    { kind: 'link', to: 'home/user', at: '/root' },
  ];
}

function nodePlaces(node: ShownFiles['node']): ShownPlace[] {
  if (node === null) return [];
  const places: ShownPlace[] = [
    ...['/opt', NODE, `${NODE}/bin`].map((at): ShownPlace => ({ kind: 'folder', at })),
    { kind: 'host', from: node.binary, at: `${NODE}/bin/node` },
  ];
  if (node.npm === null) return places;
  const modules = `${NODE}/lib/node_modules`;
  return [
    ...places,
    ...[`${NODE}/lib`, modules].map((at): ShownPlace => ({ kind: 'folder', at })),
    { kind: 'host', from: node.npm, at: `${modules}/npm` },
    ...['npm', 'npx'].map((name): ShownPlace => ({
      kind: 'link',
      to: `../lib/node_modules/npm/bin/${name}-cli.js`,
      at: `${NODE}/bin/${name}`,
    })),
  ];
}

function asOnHost(path: string): ShownPlace[] {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (!stat) return [];
  if (stat.isSymbolicLink()) return [{ kind: 'link', to: readlinkSync(path), at: path }];
  return [{ kind: 'host', from: path, at: path }];
}
