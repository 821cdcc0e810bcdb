import { Header, type HeaderData } from 'tar';

const BLOCK = 512;

/** One entry of an archive, as a container tool or an attacker would write it. */
export interface Entry extends HeaderData {
  path: string;
  text?: string;
}

/** A tar archive of these entries, whatever they say. */
export function writeTar(entries: readonly Entry[]): Buffer {
  const blocks = entries.flatMap(({ text = '', ...entry }) => {
    const header = new Header({ mode: 0o644, mtime: new Date(0), type: 'File', ...entry, size: text.length });
    header.encode();
    return [header.block ?? Buffer.alloc(BLOCK), padded(text)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]);
}

function padded(text: string): Buffer {
  const bytes = Buffer.alloc(Math.ceil(text.length / BLOCK) * BLOCK);
  bytes.write(text);
  return bytes;
}
