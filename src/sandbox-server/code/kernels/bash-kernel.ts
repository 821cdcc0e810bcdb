import { Refusal } from '../../refusal.ts';

/**
 * The kernel of a bash context is an interactive bash without a terminal that reads its commands from us: on SIGINT such a
 * shell, and no other, drops the command it is in and reads the next. Fds 250 and 251 carry frames (frames.ts); opened anew,
 * since O_NONBLOCK that a child sets on the shared ones would reach ours.
 */
export const BASH_START =
  // What it says of its missing terminal is for nobody.
  'exec 252>&2 2>/dev/null; ' +
  'exec 250>/proc/self/fd/1 251>/proc/self/fd/252 || exec 250>&1 251>&252; ' +
  'exec bash --noprofile --norc --noediting -i';

/** Silences prompts and history, which are for people. */
export const BASH_PREAMBLE = 'exec 2>&252 252>&-; set +H +o history; PS1= PS2=; unset HISTFILE\n';

/**
 * Two commands. The first runs the cell, with variables that last as long as it does. The second tells how it went; on a line of
 * its own it is read even after an interrupt. Prompts are silenced again: an activated environment brings its own.
 * Throws 400 for what bash cannot hold.
 */
export function bashRequest({ code, envs }: BashCell, nonce: string): string {
  const variables = Object.entries(envs).map(([name, value]) => `${asName(name)}=${quote(value)} `);
  const frame = (message: string, fd: number): string =>
    `builtin printf '\\000${nonce}.${message}\\n' "$__evalpool_status" >&${fd}`;
  const error = '{"type":"error","name":"ExitStatus","value":"%d","traceback":""}';
  const end = '{"type":"end"}%.0s';
  return (
    `__evalpool_status=130; ${variables.join('')}eval ${quote(code)} </dev/null; ` +
    '{ __evalpool_status=$?; PS1= PS2=; } 2>/dev/null\n' +
    `{ { [[ $__evalpool_status == 0 ]] || ${frame(error, 250)}; } && ${frame(end, 250)} && ${frame(end, 251)}; } ` +
    // Its channel is gone: it would be waited for in vain.
    '2>/dev/null || exit\n'
  );
}

interface BashCell {
  code: string;
  envs: Readonly<Record<string, string>>;
}

function asName(name: string): string {
  if (!/^[A-Za-z_]\w*$/.test(name)) throw new Refusal(400, `bash cannot hold a variable named '${name}'`);
  return name;
}

function quote(text: string): string {
  if (text.includes('\0')) throw new Refusal(400, 'code for bash cannot hold a NUL character');
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
