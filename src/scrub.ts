// 1. Knows the forms in which a secret may stand in a text.
// 2. Takes secrets, and whatever stands before the @ of a URL, out of texts and out of the lines of a log.

/** Takes secrets out of a text. */
export type Scrub = (text: string) => string;

/** Shorter values are not looked for: they would be found everywhere. */
const SHORTEST = 6;
const HIDDEN = '***';
/** User and password of a URL, or the token in their place. */
const USERINFO = String.raw`(?<=\b[a-z][a-z0-9+.-]*:\/\/)[^\s\/?#]+(?=@)`;

/** Replaces these values, and the userinfo of any URL, by ***. */
export function makeScrub(secrets: readonly string[]): Scrub {
  const pattern = patternOf(formsOf(secrets));
  return (text) => text.replaceAll(pattern, HIDDEN);
}

/** The same for a line of JSON: every key and every string in it, however it is escaped. */
export function makeLineScrub(secrets: readonly string[]): Scrub {
  const scrub = makeScrub(secrets);
  const asWritten = patternOf(formsOf(secrets).map(escapedAsJson));
  return (line) => {
    // Nearly every line holds none, and need not be taken apart.
    if (line.search(asWritten) === -1) return line;
    return `${JSON.stringify(scrubValue(JSON.parse(line), scrub))}\n`;
  };
}

function scrubValue(value: unknown, scrub: Scrub): unknown {
  if (typeof value === 'string') return scrub(value);
  if (Array.isArray(value)) return value.map((each) => scrubValue(each, scrub));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [scrub(key), scrubValue(inner, scrub)]),
  );
}

// Errors quote what they were given: as it is, in a URL, in JSON, or a single line of it.
function formsOf(secrets: readonly string[]): string[] {
  const whole = secrets.flatMap((secret) => [secret, ...secret.split('\n').map((line) => line.trim())]);
  const forms = whole.flatMap((secret) => [secret, encodeURIComponent(secret), escapedAsJson(secret)]);
  const worth = new Set(forms.filter((form) => form.length >= SHORTEST));
  // The longest first: one secret may be the beginning of another.
  return [...worth].toSorted((a, b) => b.length - a.length);
}

function escapedAsJson(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

function patternOf(forms: readonly string[]): RegExp {
  const literal = forms.map((form) => form.replaceAll(/[.*+?^${}()|[\]\\/-]/g, String.raw`\$&`));
  return new RegExp([...literal, USERINFO].join('|'), 'gi');
}
