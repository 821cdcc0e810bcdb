// Makes a fresh clone ready, or does nothing: node's version, Debian packages, npm packages, build, in this order.
// Plain JavaScript without packages, since it runs before any is there.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const OLDEST_NODE = [20, 19];
// Any program of the list will do; the package brings the first.
const NEEDED = [
  { package: 'redis-server', programs: ['redis-server', 'valkey-server', 'keydb-server'] },
  { package: 'bubblewrap', programs: ['bwrap'] },
  { package: 'git', programs: ['git'] },
  { package: 'util-linux', programs: ['flock'] },
];
// Debian starts a server on its installation, and at each boot; the stack starts its own, so neither is wanted.
const INSTALL = `
set -e
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
  trap 'rm -f $policy' EXIT
  printf '#!/bin/sh\\nexit 101\\n' >$policy
  chmod 755 $policy
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends "$@"
case " $* " in *' redis-server '*) ! command -v systemctl >/dev/null || systemctl disable -q redis-server || : ;; esac
`;

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Does whatever is still to be done; ends the process with one clear line when it cannot. */
export function prepare() {
  checkNode();
  installDebianPackages();
  installNpmPackages();
  build();
}

/** Ends the process with one line for the user. */
export function giveUp(line) {
  console.error(`evalpool: ${line}`);
  process.exit(1);
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const [oldestMajor, oldestMinor] = OLDEST_NODE;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return;
  giveUp(`needs node >= ${OLDEST_NODE.join('.')}, this is ${process.versions.node}`);
}

function installDebianPackages() {
  const missing = NEEDED.filter(({ programs }) => !programs.some(isInPath)).map((need) => need.package);
  if (missing.length === 0) return;
  const names = missing.join(' ');
  if (process.platform !== 'linux') giveUp('its sandboxes need Linux: run it in a Linux container');
  if (!isInPath('apt-get'))
    giveUp(`needs ${names}: install with this system's package manager, then try again`);
  const command = `apt-get update && apt-get install -y --no-install-recommends ${names}`;
  const sudo = process.getuid() === 0 ? [] : ['sudo', '-n'];
  if (sudo.length > 0 && spawnSync('sudo', ['-n', 'true']).status !== 0) {
    giveUp(`needs ${names}; as root run once: ${command}`);
  }
  say(`installing ${names}`);
  const [program, ...args] = [...sudo, 'sh', '-c', INSTALL, 'sh', ...missing];
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) giveUp(`could not install ${names}: ${lastLine(stdout + stderr)}; by hand: ${command}`);
}

function installNpmPackages() {
  const done = join(root, 'node_modules', '.package-lock.json');
  if (changedAt(done) >= changedAt(join(root, 'package-lock.json'))) return;
  say('installing npm packages');
  const npm = process.env['npm_execpath'];
  const [program, args] = npm ? [process.execPath, [npm]] : ['npm', []];
  // Not `npm ci`: it refuses the lock for optional packages of other platforms that a registry lacked when it was made.
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
  run(program, [...args, 'install', '--no-save', ...quiet], 'the npm packages could not be installed');
}

function build() {
  const stamp = join(root, 'dist', '.built');
  const sources = ['src', 'workers', 'bench', 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json'];
  if (changedAt(stamp) >= Math.max(...sources.map((path) => newest(join(root, path))))) return;
  say('building');
  const started = new Date();
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  run(process.execPath, [tsc, '-p', 'tsconfig.build.json'], 'the build failed');
  writeFileSync(stamp, started.toISOString());
}

function run(program, args, failure) {
  const { status } = spawnSync(program, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) giveUp(failure);
}

function isInPath(program) {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function changedAt(path) {
  return existsSync(path) ? statSync(path).mtimeMs : 0;
}

// Folders count too: a deleted file changes nothing else.
function newest(path) {
  if (!existsSync(path)) return 0;
  const own = statSync(path);
  if (!own.isDirectory()) return own.mtimeMs;
  return Math.max(own.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}

function lastLine(text) {
  return text.trimEnd().split('\n').at(-1) ?? '';
}

function say(text) {
  console.error(`evalpool: ${text}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) prepare();
