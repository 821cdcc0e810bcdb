import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import type { LayerStack } from '../box.ts';
import type { MetadataByPath } from '../envd/file-metadata.ts';
import { Refusal } from '../refusal.ts';
import { newId } from '../secrets.ts';
import { LayerFolders } from './layer-folders.ts';
import { DEFAULT_TAG, isBase, parseTemplateName, type TemplateName } from './template-name.ts';

const Record = z.object({
  id: z.string().regex(/^[a-z0-9]+$/),
  kind: z.enum(['template', 'snapshot']),
  name: z.string().nullable(),
  tag: z.string(),
  holds: z.enum(['root', 'home']),
  layers: z.array(z.string().regex(/^[a-z0-9]+$/)).min(1),
  isTopWhole: z.boolean(),
  sandboxId: z.string().nullable(),
  filesMetadata: z.array(z.tuple([z.string(), z.record(z.string(), z.string())])).optional(),
  createdAt: z.iso.datetime(),
});

/** A template that someone added, or a snapshot that a sandbox left: what new sandboxes can start from. */
export type Template = z.output<typeof Record>;

/** What is known of a new one; it gets an id and the time. */
export type NewTemplate = Omit<Template, 'id' | 'createdAt' | 'layers' | 'holds' | 'isTopWhole'> & {
  layers: LayerStack;
};

/** What a create request gets for the template that it names. */
export interface Start {
  /** As sandboxes show it. */
  template: string;
  layers?: LayerStack;
  filesMetadata?: MetadataByPath | undefined;
}

/**
 * The templates and snapshots of one home, each a small file beside the layers that it names. Read anew at each question: other
 * processes (`evalpool template`) change them too.
 */
export class Templates {
  readonly layers: LayerFolders;
  readonly #folder: string;

  constructor(home: string) {
    this.layers = new LayerFolders(join(home, 'layers'));
    this.#folder = join(home, 'templates');
  }

  /** What a sandbox of this template starts from. Throws 404 in E2B's words. */
  start(asked: string): Start {
    if (isBase(asked)) return { template: asked.replace(/:(latest|default)$/, '') };
    const found = this.find(asked);
    if (!found) throw new Refusal(404, `template '${asked}' not found`);
    const now = new Date();
    utimesSync(this.#file(found.id), now, now); // lastUsedAt
    const { holds, isTopWhole, filesMetadata } = found;
    return {
      template: shownName(found),
      filesMetadata,
      layers: { holds, isTopWhole, folders: this.layers.paths(found.layers) },
    };
  }

  /** By id, name or `name:tag`. */
  find(asked: string): Template | undefined {
    const wanted = parseOrNull(asked);
    return this.#matching(asked).find(
      ({ id, tag }) => tag === (wanted?.tag ?? (wanted?.name === id ? tag : DEFAULT_TAG)),
    );
  }

  /** Newest first. */
  all(): Template[] {
    const found = this.#kept().filter(({ layers }) => this.layers.exist(layers));
    return found.toSorted((a, b) => (a.createdAt + a.id < b.createdAt + b.id ? 1 : -1));
  }

  /** Keeps a new one; it takes the place of one that has its name and tag. */
  keep({ layers, ...rest }: NewTemplate): Template {
    const { holds, isTopWhole } = layers;
    const kept = { holds, isTopWhole, layers: this.layers.ids(layers.folders) };
    const template = { ...rest, ...kept, id: newId(), createdAt: new Date().toISOString() };
    const before = rest.name === null ? undefined : this.find(`${rest.name}:${rest.tag}`);
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    const draft = join(this.#folder, `${template.id}.${randomBytes(3).toString('hex')}`);
    writeFileSync(draft, JSON.stringify(template, null, 2));
    renameSync(draft, this.#file(template.id));
    if (before) this.#forget(before);
    return template;
  }

  /** Keeps a new one whose only layer, a whole root, was made at `made`. */
  adopt(made: string, rest: Omit<NewTemplate, 'layers'>): Template {
    const making = this.layers.beginMaking();
    const folder = making.newFolder();
    const template = this.keep({ ...rest, layers: { holds: 'root', folders: [folder], isTopWhole: true } });
    // Only what a template needs is safe among the layers.
    this.layers.adopt(made, folder);
    making.end();
    return template;
  }

  /** Forgets one; its layers go once nothing needs them. Undefined: there was none. */
  remove(asked: string): Template | undefined {
    const found = this.find(asked);
    if (found) this.#forget(found);
    return found;
  }

  /** When it was made, or a sandbox last started from it. */
  lastUsedAt({ id }: Template): Date {
    return statSync(this.#file(id)).mtime;
  }

  /** Removes the layers that nothing needs any more. `inUse`: folders that need not be looked at. */
  async removeUnusedLayers(inUse: ReadonlySet<string> = new Set()): Promise<void> {
    await this.layers.removeUnneeded(inUse, () => new Set(this.#kept().flatMap(({ layers }) => layers)));
  }

  #matching(asked: string): Template[] {
    const { name } = parseOrNull(asked) ?? { name: '' };
    const byId = this.#read(`${name}.json`);
    return byId && this.layers.exist(byId.layers)
      ? [byId]
      : this.all().filter((each) => each.name === name && name !== '');
  }

  // Those too whose layers are just being made.
  #kept(): Template[] {
    const names = existsSync(this.#folder) ? readdirSync(this.#folder) : [];
    return names.flatMap((name) => (name.endsWith('.json') ? (this.#read(name) ?? []) : []));
  }

  #forget({ id }: Template): void {
    rmSync(this.#file(id), { force: true });
  }

  #file(id: string): string {
    return join(this.#folder, `${id}.json`);
  }

  // What someone is just removing is not there.
  #read(name: string): Template | undefined {
    try {
      const parsed = Record.safeParse(JSON.parse(readFileSync(join(this.#folder, name), 'utf8')));
      return parsed.success ? parsed.data : undefined;
    } catch {
      return undefined;
    }
  }
}

/** How sandboxes and lists call it. */
export function shownName({ id, name, tag }: Template): string {
  if (name === null) return id;
  return tag === DEFAULT_TAG ? name : `${name}:${tag}`;
}

function parseOrNull(asked: string): TemplateName | null {
  try {
    return parseTemplateName(asked);
  } catch {
    return null;
  }
}
