import { EvalpoolError } from '../../errors.ts';
import type { Spec } from '../../spec.ts';
import { gitsWords } from '../stages/last-words.ts';
import type { Desk } from '../open-desk.ts';
import { withoutCredentials } from './repo-address.ts';
import { describeExit } from '../stages/run-script.ts';
import { quote } from '../../shell-quote.ts';

const NO_SUCH_REF = 44;

/** Fetches with git in the sandbox: exactly the commit, without its history. Throws REF_NOT_FOUND or FETCH_FAILED. */
export async function fetchInSandbox(
  desk: Desk,
  spec: Spec,
  from: { repo: string; ref: string },
): Promise<void> {
  const exit = await desk.run(fetchScript(spec, from));
  if (exit.exitCode === 0) return;
  const said = gitsWords(desk.log.kept().content);
  const where = withoutCredentials(from.repo);
  if (exit.exitCode === NO_SUCH_REF) {
    throw new EvalpoolError('REF_NOT_FOUND', `${where} has no ${from.ref}: ${said}`);
  }
  throw new EvalpoolError('FETCH_FAILED', `git fetch of ${where} ${describeExit(exit)}: ${said}`);
}

/** The script: exit status 44 means that the repo has no such ref. */
// A server may refuse a commit that no branch points to, or any shallow fetch; an abbreviated commit it never knows.
export function fetchScript(
  spec: Pick<Spec, 'repoDir' | 'submodules'>,
  from: { repo: string; ref: string },
): string {
  const maybeCommit = /^[0-9a-f]{4,64}$/i.test(from.ref);
  return `export GIT_TERMINAL_PROMPT=0 LC_ALL=C
url=${quote(from.repo)} ref=${quote(from.ref)}
fetch() { git -c protocol.ext.allow=never fetch -q --no-tags "$@" 2>&1; }
mkdir -p -- ${quote(spec.repoDir)} && cd -- ${quote(spec.repoDir)} && git init -q . || exit 1
commit=
for depth in '--depth 1' ''; do
  if said=$(fetch $depth -- "$url" "$ref"); then commit=FETCH_HEAD; break; fi
  case $said in
    *shallow*) ;;
    *"couldn't find remote ref"* | *"not our ref"* | *unadvertised*) break ;;
    *) printf '%s\n' "$said" >&2; exit 1 ;;
  esac
done
if [ -z "$commit" ]; then
  ${maybeCommit ? '' : `printf '%s\\n' "$said" >&2; exit ${NO_SUCH_REF}`}
  all=$(fetch -- "$url" '+refs/heads/*:refs/remotes/origin/*' '+refs/tags/*:refs/tags/*') || { printf '%s\\n' "$all" >&2; exit 1; }
  commit=$(git rev-parse -q --verify "$ref^{commit}") || { printf '%s\\n' "$said" >&2; exit ${NO_SUCH_REF}; }
fi
git -c advice.detachedHead=false checkout -q -f --detach "$commit" || exit 1
${spec.submodules ? submoduleScript(from.repo) : ''}git log -1 --format='fetched %H' HEAD
`;
}

// Relative addresses of submodules start from origin; what is stored there the candidate can read.
function submoduleScript(repo: string): string {
  return `git remote add origin ${quote(withoutCredentials(repo))} 2>/dev/null
git -c protocol.ext.allow=never submodule update -q --init --recursive --depth 1 || exit 1
`;
}
