/** Words as a shell splits them, with quotes and backslashes but nothing expanded; null: a quote is not closed. */
export function readWords(text: string): string[] | null {
  const words: string[] = [];
  let rest = text.trimStart();
  while (rest !== '') {
    const word = readWord(rest);
    if (word === null) return null;
    words.push(word.text);
    rest = rest.slice(word.length).trimStart();
  }
  return words;
}

/** The word that the text begins with and how long it was written; null: a quote is not closed. */
export function readWord(text: string): { text: string; length: number } | null {
  const parts = /^(?:'[^']*'|"(?:[^"\\]|\\[^])*"|\\[^]|[^\s'"\\])+/.exec(text);
  if (!parts || /^['"]/.test(text.slice(parts[0].length))) return null;
  const plain = parts[0].replaceAll(
    /'([^']*)'|"((?:[^"\\]|\\[^])*)"|\\([^])/g,
    (_, single, double, escaped) =>
      String(single ?? escaped ?? String(double).replaceAll(/\\(["\\$`])/g, '$1')),
  );
  return { text: plain, length: parts[0].length };
}
