import { posix } from 'node:path';
import type { ErrorCode } from '../../errors.ts';
import type { Spec } from '../../spec.ts';
import { keepFunctions, protectedGlobs } from './keep-files.ts';
import { quote } from '../../shell-quote.ts';

// One command applies everything, in an order that the submission cannot turn against the author's tests:
// 1. The test patch is applied to the untouched ref first, in an index of its own, and its files are set aside.
// 2. The submission is applied: plainly, then 3-way, then its whole files.
// 3. What the spec protects is made again as it was before.
// 4. The set-aside files take their places, whatever the submission put there: links, folders, nothing.

/** Where in the sandbox the parts of a submission wait to be applied. */
export const FOLDER = '/tmp/.evalpool-patch';

/** What the script's exit statuses mean. */
export const PATCH_EXITS: Readonly<Record<number, ErrorCode>> = {
  41: 'PATCH_FAILED',
  45: 'TEST_PATCH_FAILED',
  47: 'SPEC_INVALID',
};

/** Where the names of the files that the test patch concerns stand until the build begins. */
export const CHANGED = `${FOLDER}.changed`;

/** The script that applies what waits in FOLDER to the repo's directory, but for what the spec protects. */
export function submissionScript(spec: Spec): string {
  const globs = protectedGlobs(spec);
  const [keep, bringBack] =
    globs.length === 0 ? ['', ''] : ['keep "$t/kept" "" || exit 47\n', 'bring_back "$t/kept" || exit 41\n'];
  return `${prelude(spec.repoDir)}${FUNCTIONS}${keepFunctions(globs)}
${keep}if [ -f "$t/tests.patch" ]; then set_tests_aside || exit 45; fi
if [ -f "$t/patch" ]; then apply_patch || exit 41; fi
if [ -s "$t/names" ]; then place_files || exit 41; fi
${bringBack}if [ -f "$t/tests.patch" ]; then place_tests || exit 45; fi
${spec.build === undefined ? '' : `if [ -f "$t/changed" ]; then mv "$t/changed" ${CHANGED}; fi`}
rm -rf "$t"
`;
}

function prelude(repoDir: string): string {
  const ceiling = quote(posix.dirname(posix.resolve(repoDir)));
  return `export LC_ALL=C GIT_TERMINAL_PROMPT=0 GIT_LITERAL_PATHSPECS=1 GIT_CEILING_DIRECTORIES=${ceiling}
export GIT_CONFIG_COUNT=4 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0='*'
export GIT_CONFIG_KEY_1=core.hooksPath GIT_CONFIG_VALUE_1=/dev/null GIT_CONFIG_KEY_2=core.fsmonitor GIT_CONFIG_VALUE_2=false
export GIT_CONFIG_KEY_3=apply.whitespace GIT_CONFIG_VALUE_3=nowarn
t=${FOLDER}
mkdir -p -- ${quote(repoDir)} && cd -- ${quote(repoDir)} || exit 47
top=$(pwd -P)
if { [ -f "$t/patch" ] || [ -f "$t/tests.patch" ]; } && ! command -v git >/dev/null; then
  echo 'fatal: the template has no git to apply patches with' >&2; exit 47
fi
`;
}

const FUNCTIONS = String.raw`
apply_patch() {
  git apply "$t/patch" && return
  git rev-parse -q --verify HEAD >/dev/null 2>&1 || return
  echo 'evalpool: plain git apply failed, trying 3-way' >&2
  git update-index -q --refresh >/dev/null 2>&1
  git apply --3way "$t/patch" && git reset -q
}

# Both directions: one names the new path of a renamed file, the other the old one.
names_of_tests() {
  git apply --numstat -z "$t/tests.patch" && git apply -R --numstat -z "$t/tests.patch"
}

# A template without git history: the files as they are now stand for the ref.
make_base() {
  export GIT_DIR=$t/git GIT_WORK_TREE=$top
  git init -q && names_of_tests > "$t/numstat" || return
  while IFS= read -r -d '' entry; do
    name=\${entry#*$'\t'*$'\t'}
    if [ -f "$name" ] || [ -L "$name" ]; then git add -f -- "$name" || return; fi
  done < "$t/numstat"
  git -c user.name=evalpool -c user.email=evalpool commit -q --allow-empty -m base
}

set_tests_aside() (
  git rev-parse -q --verify HEAD >/dev/null 2>&1 || make_base || return
  export GIT_INDEX_FILE=$t/index
  git read-tree HEAD && git apply --cached "$t/tests.patch" &&
    git diff-index --cached --name-only --no-renames -z HEAD > "$t/changed" &&
    git diff-index --cached --name-only --no-renames -z --diff-filter=d HEAD |
      git checkout-index -q -f -z --stdin --prefix="$t/tests/"
)

place_tests() {
  while IFS= read -r -d '' name; do
    clear_way "$name" || return
    if [ -e "$t/tests/$name" ] || [ -L "$t/tests/$name" ]; then
      mkdir -p -- "./$(dirname -- "$name")" && mv -- "$t/tests/$name" "./$name" || return
    fi
  done < "$t/changed"
}

place_files() {
  local number=0 folder file
  while IFS= read -r -d '' name; do
    folder=$(realpath -m -- "./$(dirname -- "./$name")") || return
    case $folder/ in "$top"/*) ;; *) echo "error: $name: beyond a symbolic link" >&2; return 1 ;; esac
    file=$folder/$(basename -- "$name")
    if [ -L "$file" ]; then rm -f -- "$file" || return; fi
    mkdir -p -- "$folder" && cp -T -- "$t/files/$number" "$file" || return
    number=$((number + 1))
  done < "$t/names"
}
`.replaceAll('\\$', '$');
