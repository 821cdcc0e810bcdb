import { z } from 'zod';

const text = z.string();

/** What a kernel says of a running cell. It comes out of the sandbox: anything may stand in it. */
const KernelMessage = z.discriminatedUnion('type', [
  z.object({ type: z.literal('result'), main: z.boolean(), data: z.record(text, z.unknown()) }),
  z.object({ type: z.literal('error'), name: text, value: text, traceback: text }),
  z.object({ type: z.literal('end') }),
]);
export type KernelMessage = z.output<typeof KernelMessage>;

/** The fields of a result on the wire (code-interpreter's api/models/result.py), by what kernels call them. */
const FIELDS: Readonly<Record<string, string>> = {
  'text/plain': 'text',
  'text/html': 'html',
  'text/markdown': 'markdown',
  'image/svg+xml': 'svg',
  'image/png': 'png',
  'image/jpeg': 'jpeg',
  'application/pdf': 'pdf',
  'text/latex': 'latex',
  'application/json': 'json',
  'application/javascript': 'javascript',
};

/** The message in a frame; null: none that we know. */
export function readMessage(json: string): KernelMessage | null {
  try {
    return KernelMessage.safeParse(JSON.parse(json)).data ?? null;
  } catch {
    return null;
  }
}

/** A kernel's result as E2B sends it: known forms under their names, the rest as `extra`, the quotes of a plain string off. */
export function resultEvent(data: Readonly<Record<string, unknown>>, main: boolean): object {
  const forms = Object.entries(data).filter(
    ([mime, value]) => mime === JSON_FORM || typeof value === 'string',
  );
  const known = forms.filter(([mime]) => Object.hasOwn(FIELDS, mime));
  const others = forms.filter(([mime]) => !Object.hasOwn(FIELDS, mime));
  return {
    type: 'result',
    is_main_result: main,
    ...Object.fromEntries(
      known.map(([mime, value]) => [FIELDS[mime], mime === 'text/plain' ? unquote(value) : value]),
    ),
    ...(others.length > 0 ? { extra: Object.fromEntries(others) } : {}),
  };
}

const JSON_FORM = 'application/json';

function unquote(value: unknown): unknown {
  return typeof value === 'string' && /^(['"])[^]*\1$/.test(value) && value.length > 1
    ? value.slice(1, -1)
    : value;
}
