import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EvalpoolError } from '../../../errors.ts';

// 1. Finds the page's files, which are no part of the build: they lie beside this source, also where only dist is run.
// 2. Joins its modules to one script, since a page in one file cannot import.
// 3. Names script and style by their hashes, so that the page runs no other.

/** The page before and after its data. */
export interface PageFrame {
  before: string;
  after: string;
}

/** Reads the page. `title` is taken as text. Throws INTERNAL when a file is missing. */
export function readPage(title: string): PageFrame {
  const folder = findFolder(import.meta.dirname);
  const style = readFileSync(join(folder, 'page.css'), 'utf8');
  const script = joinModules(folder, 'main.js', new Set());
  const parts: Record<string, string> = {
    $TITLE: title.replaceAll('&', '&amp;').replaceAll('<', '&lt;'),
    $SCRIPT_HASH: hashOf(script),
    $STYLE_HASH: hashOf(style),
    $SCRIPT: script,
    $STYLE: style,
  };
  const page = readFileSync(join(folder, 'page.html'), 'utf8')
    .replaceAll(/(?<=>)\s+(\$STYLE|\$SCRIPT);?\s+(?=<)/g, '$1')
    .replaceAll(/\$(?:TITLE|SCRIPT_HASH|STYLE_HASH|SCRIPT|STYLE)\b/g, (name) => parts[name] ?? '');
  const [before = '', after = ''] = page.split('$DATA');
  return { before, after };
}

const INSTALLED = join('..', '..', '..', '..', '..', 'src', 'reports', 'formats', 'html', 'page');

function findFolder(here: string): string {
  const found = ['page', INSTALLED].map((folder) => join(here, folder)).find((folder) => existsSync(folder));
  if (found === undefined) throw new EvalpoolError('INTERNAL', "the files of the report's page are missing");
  return found;
}

const IMPORT = /^import [^;]*from '\.\/([\w-]+\.js)';\n/gm;

// What a module imports comes first; names are unique over all of them, or the browser refuses the script.
function joinModules(folder: string, file: string, seen: Set<string>): string {
  if (seen.has(file)) return '';
  seen.add(file);
  const text = readFileSync(join(folder, file), 'utf8');
  const imported = [...text.matchAll(IMPORT)].map(([, name = '']) => joinModules(folder, name, seen));
  return imported.join('') + text.replaceAll(IMPORT, '').replaceAll(/^export /gm, '');
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
