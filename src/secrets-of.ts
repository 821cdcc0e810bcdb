/** Variables whose value is a secret by their name, our own and others'. */
const SECRET_NAME = /^EVALPOOL_SECRET_|(KEY|TOKEN|SECRET|PASSWORD|PASSWD)$/i;
const HEADERS_NAME = /^OTEL_.*_HEADERS$/;

/** The secrets among the variables of a process. */
export function secretsOf(env: NodeJS.ProcessEnv): string[] {
  return Object.entries(env).flatMap(([name, value]) => {
    if (!value) return [];
    if (HEADERS_NAME.test(name)) return headerValues(value);
    return SECRET_NAME.test(name) ? [value] : [];
  });
}

/** The password in an address, if there is one. */
export function passwordOf(url: string | undefined): string | undefined {
  return url !== undefined && URL.canParse(url) ? decode(new URL(url).password) || undefined : undefined;
}

// `name=value,name=value`; of `Bearer abc` the second word alone is a secret too.
function headerValues(list: string): string[] {
  const values = list.split(',').map((pair) => decode(pair.slice(pair.indexOf('=') + 1).trim()));
  return values.flatMap((value) => [value, ...value.split(' ').slice(1)]);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // it is not encoded
  }
}
