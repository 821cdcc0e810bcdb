import { Refusal } from '../refusal.ts';

/** The tag of a name that has none. */
export const DEFAULT_TAG = 'default';

/** Names of the template that is the machine's own toolchain; the second is what @e2b/code-interpreter asks for by default. */
const BASE: readonly string[] = ['base', 'code-interpreter-v1'];
const NAME = /^[a-z0-9_-]{1,128}$/;
const TAG = /^[a-z0-9_.-]{1,128}$/;

/** What a caller calls a template or snapshot; `name` may be an id. */
export interface TemplateName {
  name: string;
  /** null: the caller named none. */
  tag: string | null;
}

/** Is it the machine's own toolchain that is asked for? */
export function isBase(asked: string): boolean {
  return BASE.includes(asked.replace(/:(latest|default)$/, ''));
}

/** `name` or `name:tag`, in lower case as E2B takes them (infra's id.go). Throws 400. */
export function parseTemplateName(text: string): TemplateName {
  const [name = '', tag] = text.trim().toLowerCase().split(/:(.*)/s);
  if (!NAME.test(name))
    throw new Refusal(
      400,
      `Invalid name: '${text}': expected letters, digits, '-' and '_', then perhaps ':tag'`,
    );
  if (tag !== undefined && !TAG.test(tag)) throw new Refusal(400, `Invalid tag: '${tag}'`);
  return { name, tag: tag ?? null };
}

/** A name for something new. Throws 400 also for the names of the machine's own toolchain. */
export function parseNewName(text: string): { name: string; tag: string } {
  const { name, tag } = parseTemplateName(text);
  if (BASE.includes(name)) throw new Refusal(400, `Invalid name: '${name}' is the machine's own toolchain`);
  return { name, tag: tag ?? DEFAULT_TAG };
}
