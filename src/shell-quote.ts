/** One word for a POSIX shell, whatever it holds (NUL cannot be held). */
export function quote(text: string): string {
  return /^[A-Za-z0-9_./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** A glob for bash: `* ? [ ] { } ,` keep their meaning, everything else stands for itself. */
export function quoteGlob(glob: string): string {
  return glob.replaceAll(/[^A-Za-z0-9_./*?[\]{},^!-]/gu, (character) =>
    character === '\n' ? "$'\\n'" : `\\${character}`,
  );
}
