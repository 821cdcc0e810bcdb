import { gzipSync } from 'node:zlib';

const LINE = 76;
/** Longer ones are packed, bytes: in a shell's quotes a script may grow to twice its size, and 128 KiB are the limit. */
const LONGEST_PLAIN = 60_000;

/** A script as it stands, or, where it is too long for one argument of a command, packed. */
export function fitScript(script: string): string {
  if (Buffer.byteLength(script) <= LONGEST_PLAIN) return script;
  return `eval "$(${unpack(script, 'cat')})"\n`;
}

/** A shell command that gives a text, whatever it holds, to the standard input of another command. */
export function unpack(text: string, command: string): string {
  const packed = gzipSync(text, { level: 9 }).toString('base64');
  const lines = packed.match(new RegExp(`.{1,${LINE}}`, 'g')) ?? [];
  return `base64 -d <<'EVALPOOL_PACKED' | gzip -dc | ${command}\n${lines.join('\n')}\nEVALPOOL_PACKED\n`;
}
