const STRING = /'(?:[^'\\\n]|\\[^])*'|"(?:[^"\\\n]|\\[^])*"/y;
const BETWEEN = /\s*(?:,\s*)?/y;
const ESCAPE = /\\(?:(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})|([0-7]{1,3})|([^]))/g;
const PLAIN: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  '\n': '',
  '\\': '\\',
  "'": "'",
  '"': '"',
};

/** The texts of a list as Python's `repr` writes it, `['a', "b's"]`; undefined for whatever else. Takes linear time. */
export function readPythonList(text: string): string[] | undefined {
  const inner = /^\s*\[(?<inner>[^]*)\]\s*$/.exec(text)?.groups?.['inner'];
  if (inner === undefined) return undefined;
  const found: string[] = [];
  let at = /^\s*/.exec(inner)?.[0].length ?? 0;
  while (at < inner.length) {
    const literal = matchAt(STRING, inner, at);
    if (literal === undefined) return undefined;
    const between = matchAt(BETWEEN, inner, at + literal.length) ?? '';
    at += literal.length + between.length;
    if (!between.includes(',') && at < inner.length) return undefined;
    found.push(unescaped(literal.slice(1, -1)));
  }
  return found;
}

function matchAt(sticky: RegExp, text: string, at: number): string | undefined {
  sticky.lastIndex = at;
  return sticky.exec(text)?.[0];
}

// An escape that Python does not know stays as it is written.
function unescaped(text: string): string {
  return text.replaceAll(ESCAPE, (whole, hex: string | undefined, octal: string | undefined, one = '') => {
    const code = hex === undefined ? Number.parseInt(octal ?? '', 8) : Number.parseInt(hex.slice(1), 16);
    if (Number.isNaN(code)) return PLAIN[String(one)] ?? whole;
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
