import { setImmediate as breathe } from 'node:timers/promises';
import { withoutEscapes } from '../../harmless-text.ts';

const BREATHE_CHARACTERS = 64 * 1024;
const MAX_LINE = 16_000;

/** Shows each line to `visit`, without its line end; other work of this process goes on meanwhile. */
export async function eachLine(text: string, visit: (line: string) => void): Promise<void> {
  let breathedAt = 0;
  for (let at = 0; at < text.length;) {
    const found = text.indexOf('\n', at);
    const end = found === -1 ? text.length : found;
    visit(text.slice(at, end));
    at = end + 1;
    if (at - breathedAt < BREATHE_CHARACTERS) continue;
    breathedAt = at;
    await breathe();
  }
}

/** The same for what a terminal would show: no colours, no blanks at the end; what is beyond 16,000 characters is cut. */
export async function eachShownLine(text: string, visit: (line: string) => void): Promise<void> {
  await eachLine(text, (line) => visit(withoutEscapes(line.slice(0, MAX_LINE)).trimEnd()));
}
