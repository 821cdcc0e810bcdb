import { createHash, randomBytes } from 'node:crypto';
import { EvalpoolError } from '../../errors.ts';
import type { Spec } from '../../spec.ts';
import { HOME_GLOBS, keepFunctions, protectedGlobs } from './keep-files.ts';
import type { Desk } from '../open-desk.ts';
import { quote } from '../../shell-quote.ts';
import { CHANGED } from './submission-script.ts';

// The build is the first that may run code of the candidate. What the tests rely on is noted before it, kept out of the sandbox,
// and made again after it:
// 1. Processes: those that came with the build end.
// 2. Files: what the spec protects, the author's tests, and what a login shell reads at home.
// 3. Folders: the tests run in the same ones, not in what a link leads to.

const MAX_KEPT_BYTES = 64 * 1024 * 1024;

/** What was in the sandbox before the build. */
export interface Before {
  home: string;
  /** Where the repo and the scripts' folder really lie; '' for what was not there. */
  repo: string;
  cwd: string;
  /** `pid:start` of each process, a space around each. */
  processes: string;
  kept: { names: Uint8Array; tar: Uint8Array };
  /** What removes the copies from the sandbox, for bash. */
  cleanUp: string;
}

/** Notes it, by one command and two reads, in time that is nobody's. Null: the sandbox is a simulated one. Throws SPEC_INVALID for what cannot be kept. */
export async function noteBefore(desk: Desk, spec: Spec): Promise<Before | null> {
  const file = newFile();
  const askedAt = performance.now();
  const { exitCode, output } = await desk.ask(noteScript(spec, file));
  const [home, repo = '', cwd = '', processes = '', bytes] = output.split('\0');
  if (home === undefined || home === '') return null;
  if (exitCode !== 0 || !(Number(bytes) <= MAX_KEPT_BYTES))
    throw new EvalpoolError(
      'SPEC_INVALID',
      `protect: what the tests rely on cannot be kept while the build runs: GNU tar is needed, and at most ${MAX_KEPT_BYTES} bytes`,
    );
  const read = async (name: string): Promise<Uint8Array> =>
    (await desk.sandbox.readFile(`${file}.${name}`, MAX_KEPT_BYTES + 1, desk.user)) ?? new Uint8Array();
  const [names, tar] =
    Number(bytes) === 0
      ? [new Uint8Array(), new Uint8Array()]
      : await Promise.all([read('names'), read('tar')]);
  desk.time.excuse(performance.now() - askedAt);
  return { home, repo, cwd, processes, kept: { names, tar }, cleanUp: `rm -f -- ${file}.* ${CHANGED}\n` };
}

/** Brings its files back to the sandbox, and returns what the tests' shell must do first, started without a home. */
export async function bringBack(desk: Desk, spec: Spec, before: Before): Promise<string> {
  const { names, tar } = before.kept;
  const file = newFile();
  const files = new Map([
    [`${file}.names`, names],
    [`${file}.tar`, tar],
  ]);
  const askedAt = performance.now();
  if (names.byteLength > 0) await desk.sandbox.writeFiles(files, desk.user);
  desk.time.excuse(performance.now() - askedAt);
  return `(
home=${quote(before.home)} processes=${quote(before.processes)}
refuse() { echo "evalpool: $1" >&2; exit 1; }
${END_STRAYS}${keepFunctions([...protectedGlobs(spec), ...HOME_GLOBS])}
end_strays || refuse 'what the build left running does not end'
${stillThere(spec.repoDir, before.repo)}
${names.byteLength > 0 ? bringBackFrom(file, files) : 'remove_matches || exit'}
${stillThere(spec.cwd ?? spec.repoDir, before.cwd)}
) || exit 126
export HOME=${quote(before.home)}
${LOG_IN}`;
}

function noteScript(spec: Spec, file: string): string {
  const home = spec.env['HOME'] === undefined ? `~${spec.user}` : quote(spec.env['HOME']);
  return `home=${home}
printf '%s\\0' "$home"
${printFolder(spec.repoDir)}
${printFolder(spec.cwd ?? spec.repoDir)}
for each in /proc/[0-9]*; do
  { IFS= read -r stat < "$each/stat"; } 2>/dev/null || continue
  fields=(\${stat##*) })
  printf ' %s:%s ' "\${each#/proc/}" "\${fields[19]}"
done
printf '\\0'
cd -- ${quote(spec.repoDir)} || exit
${keepFunctions([...protectedGlobs(spec), ...HOME_GLOBS])}
keep ${file} ${CHANGED} || exit
if [ -s ${file}.names ]; then stat -c %s ${file}.tar; else echo 0; fi
`.replaceAll('\\$', '$');
}

function printFolder(path: string): string {
  return `( cd -P -- ${quote(path)} 2>/dev/null && printf '%s' "$PWD" ); printf '\\0'`;
}

// Whoever forks faster than this ends him is refused. What is another user's cannot be ended, and did not come with the build.
const END_STRAYS = String.raw`
end_strays() {
  local round left each stat fields
  for round in {1..100}; do
    left=
    for each in /proc/[0-9]*; do
      { IFS= read -r stat < "$each/stat"; } 2>/dev/null || continue
      each=${'$'}{each#/proc/} fields=(${'$'}{stat##*) })
      case "$processes $$: $BASHPID: " in *" $each:${'$'}{fields[19]} "* | *" $each: "*) continue ;; esac
      if [ "${'$'}{fields[0]}" != Z ] && kill -KILL "$each" 2>/dev/null; then left=1; fi
    done
    if [ -z "$left" ]; then return 0; fi
  done
  return 1
}
`;

// As a login bash does, which had no home when it looked.
const LOG_IN = `for profile in ~/.bash_profile ~/.bash_login ~/.profile; do
  if [ -r "$profile" ]; then . "$profile"; break; fi
done
`;

function stillThere(path: string, was: string): string {
  if (was === '') return '';
  return `if ! cd -P -- ${quote(path)} || [ "$PWD" != ${quote(was)} ]; then refuse ${quote(`the build put something else in place of ${path}`)}; fi`;
}

function bringBackFrom(file: string, files: ReadonlyMap<string, Uint8Array>): string {
  const sums = [...files].map(
    ([path, bytes]) => `${createHash('sha256').update(bytes).digest('hex')}  ${path}`,
  );
  return `printf '%s\\n' ${sums.map(quote).join(' ')} | sha256sum -c >/dev/null 2>&1 || refuse 'what was kept has been changed'
bring_back ${file} && rm -f ${file}.* || refuse 'what is protected cannot be put back'`;
}

// Nothing can lie in wait under a name that nobody knows.
function newFile(): string {
  return `/tmp/.evalpool-${randomBytes(8).toString('hex')}`;
}
