import { posix } from 'node:path';
import type { Desk } from '../open-desk.ts';
import { quote, quoteGlob } from '../../shell-quote.ts';

/** A regular file in the sandbox. */
export interface FoundFile {
  /** As the glob found it, relative to the root. */
  path: string;
  /** Where it really lies. */
  realPath: string;
  bytes: number;
}

/** What to look for. `anywhere`: absolute globs find what lies outside of the directory. `first`: a script of ours to run before. */
interface Find {
  globs: readonly string[];
  max: number;
  anywhere?: boolean;
  first?: string;
}

/** The regular files that globs find below a directory, links out of it left out; `more` if there were too many. */
export async function listFiles(
  desk: Desk,
  root: string,
  find: Find,
): Promise<{ files: FoundFile[]; more: boolean }> {
  const { output } = await desk.ask(listScript(root, find));
  const [top, ...fields] = output.split('\0');
  const files: FoundFile[] = [];
  for (let at = 0; at + 2 < fields.length; at += 3) {
    const [path = '', realPath = '', bytes] = fields.slice(at, at + 3);
    if ((find.anywhere === true && posix.isAbsolute(path)) || realPath.startsWith(`${top}/`))
      files.push({ path: posix.normalize(path), realPath, bytes: Number(bytes) });
  }
  return { files: files.slice(0, find.max), more: fields.length > find.max * 3 + 1 };
}

// The comment is for a simulated sandbox, which runs nothing else of it.
function listScript(root: string, find: Find): string {
  const patterns = find.globs.map((glob) =>
    glob.startsWith('-') ? `./${quoteGlob(glob)}` : quoteGlob(glob),
  );
  const words = [quote(root), String(find.max), ...find.globs.map(quote)].join(' ');
  return `#sim 0 files ${words.replaceAll('\n', ' ')}
${find.first ?? ''}cd -- ${quote(root)} 2>/dev/null || exit 0
printf '%s\\0' "$(pwd -P)"
shopt -s nullglob globstar dotglob
n=0
for f in ${patterns.join(' ')}; do
  if [ ! -f "$f" ] || [ -L "$f" ]; then continue; fi
  printf '%s\\0%s\\0%s\\0' "$f" "$(realpath -- "$f")" "$(stat -c %s -- "$f")"
  n=$((n + 1)); if [ $n -gt ${find.max} ]; then break; fi
done
`;
}
