import { posix } from 'node:path';
import type { Spec } from '../../spec.ts';
import { quoteGlob } from '../../shell-quote.ts';

/** What a login bash reads at home. Whoever may write it decides what `node` or `exit` mean to a script. */
const PROFILES = ['.bash_profile', '.bash_login', '.profile', '.bashrc'];

/** Globs of files at home that a build must not have changed for the tests, for bash, `$home` being set. */
export const HOME_GLOBS = PROFILES.map((name) => `"$home"/${name}`);

/** The globs of what the spec protects, for bash in `repoDir`. A folder that is named plainly stands for all that it holds. */
export function protectedGlobs(spec: Spec): string[] {
  const atHome = [`/home/${spec.user}`, '/root'].includes(posix.resolve(spec.repoDir)) ? PROFILES : [];
  return [...spec.protect, ...atHome].flatMap((glob) => {
    const plain = posix.normalize(glob).replace(/\/$/, '');
    const pattern = quoteGlob(posix.isAbsolute(plain) ? plain : `./${plain}`);
    return /[*?[{]/.test(plain) ? [pattern] : [pattern, `${pattern}/**`];
  });
}

const FUNCTIONS = String.raw`
keep() {
  matches > "$1.names" || return
  if [ -f "$2" ]; then cat -- "$2" >> "$1.names" || return; fi
  if [ ! -s "$1.names" ]; then return 0; fi
  while IFS= read -r -d '' name; do
    if [ -e "$name" ] || [ -L "$name" ]; then printf '%s\0' "$name"; fi
  done < "$1.names" > "$1.there"
  tar -P --null -T "$1.there" -cf "$1.tar"
}

# Whatever stands where a folder or a file must go makes way.
clear_way() {
  local at=. rest=$1
  if [[ $rest == /* ]]; then at= rest=\${rest#/}; fi
  while [[ $rest == */* ]]; do
    at+=/\${rest%%/*} rest=\${rest#*/}
    if [ -L "$at" ] || { [ -e "$at" ] && [ ! -d "$at" ]; }; then rm -f -- "$at" || return; fi
  done
  if [ -e "$at/$rest" ] || [ -L "$at/$rest" ]; then rm -rf -- "$at/$rest"; fi
}

# A process more for each would be felt where there is nothing to remove, as most often.
remove_matches() {
  local found
  mapfile -d '' found < <(matches)
  if [ "\${#found[@]}" -gt 0 ]; then printf '%s\0' "\${found[@]}" | xargs -0 rm -f --; fi
}

bring_back() {
  remove_matches || return
  while IFS= read -r -d '' name; do
    clear_way "$name" || return
  done < "$1.names"
  if [ -s "$1.names" ]; then tar -P -p -xf "$1.tar"; fi
}
`.replaceAll('\\$', '$');

/**
 * Functions for bash: `keep TO NAMES` keeps what the globs find, and what the names in a file say if it is there, in TO.tar and TO.names;
 * `bring_back FROM` makes it all again as it was kept: what was changed, added, deleted, and whatever stands in its way.
 */
export function keepFunctions(globs: readonly string[]): string {
  return `
matches() (
  shopt -s nullglob globstar dotglob
  for name in ${globs.join(' ')}; do
    if [ ! -d "$name" ] || [ -L "$name" ]; then
      if [ -e "$name" ] || [ -L "$name" ]; then printf '%s\\0' "$name"; fi
    fi
  done
)
${FUNCTIONS}`;
}
