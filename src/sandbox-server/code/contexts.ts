import { randomUUID } from 'node:crypto';
import { accountNamed, resolvePath } from '../accounts.ts';
import { checkFolder } from '../envd/process-service.ts';
import { Refusal } from '../refusal.ts';
import type { LiveSandbox } from '../sandboxes.ts';
import { CodeContext } from './context.ts';
import { languageNamed, type Language } from './languages.ts';

/** Contexts of one sandbox, those of its languages included. */
const MAX_CONTEXTS = 32;
/** Languages whose context is there from the start, as in E2B's sandboxes; others have theirs when first used. */
const FROM_THE_START = ['python', 'javascript'];

const contextsOfSandboxes = new WeakMap<LiveSandbox, CodeContexts>();

/** The contexts of a sandbox. They live as long as it does. */
export function contextsOf(sandbox: LiveSandbox): CodeContexts {
  const contexts = contextsOfSandboxes.get(sandbox) ?? new CodeContexts(sandbox);
  contextsOfSandboxes.set(sandbox, contexts);
  return contexts;
}

/** Where one sandbox runs code: a context for each language, and those that were asked for. No process runs before it is needed. */
export class CodeContexts {
  readonly #sandbox: LiveSandbox;
  readonly #contexts = new Map<string, CodeContext>();
  readonly #defaults = new Map<Language, CodeContext>();

  constructor(sandbox: LiveSandbox) {
    this.#sandbox = sandbox;
    for (const name of FROM_THE_START) this.ofLanguage(languageNamed(name));
  }

  all(): IterableIterator<CodeContext> {
    return this.#contexts.values();
  }

  /** Throws 404 in E2B's words. `default` is Python's own. */
  get(id: string): CodeContext {
    const context = id === 'default' ? this.ofLanguage(languageNamed('python')) : this.#contexts.get(id);
    if (!context) throw new Refusal(404, `Context ${id} not found`);
    return context;
  }

  /** Where code of a language runs that names no context. */
  ofLanguage(language: Language): CodeContext {
    const known = this.#defaults.get(language);
    if (known) return known;
    const context = this.#add(language, accountNamed('user').home);
    this.#defaults.set(language, context);
    return context;
  }

  /** Throws 400 for a folder or program that is not there, 429 when there are too many. */
  async create(language: Language, cwd: string | null | undefined): Promise<CodeContext> {
    const account = accountNamed('user');
    const folder = cwd ? resolvePath(cwd, account) : account.home;
    await checkFolder(this.#sandbox, folder);
    const context = this.#add(language, folder);
    try {
      await context.prepare();
    } catch (error) {
      await this.remove(context.id);
      throw error;
    }
    return context;
  }

  /** Ends a context for good. Throws 404. */
  async remove(id: string): Promise<void> {
    const context = this.get(id);
    this.#contexts.delete(context.id);
    if (this.#defaults.get(context.language) === context) this.#defaults.delete(context.language);
    await context.remove();
  }

  #add(language: Language, cwd: string): CodeContext {
    if (this.#contexts.size >= MAX_CONTEXTS)
      throw new Refusal(429, `a sandbox has at most ${MAX_CONTEXTS} contexts; remove one first`);
    const context = new CodeContext(randomUUID(), this.#sandbox, { language, cwd });
    this.#contexts.set(context.id, context);
    return context;
  }
}
