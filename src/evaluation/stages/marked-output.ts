// The report that is read from the output begins and ends with a line of its own: what a profile prints before it, or a process
// that was left behind after it, is no part of it. The mark is made by the tests' shell, is told to us by its first line, and is
// in no argument, variable or file that the tests could read. What the tests print themselves stands between the marks.

const MARK_LINE = /(?:^|\n)(evalpool-[0-9a-f-]{32,36})\n/;
/** As long as a line with a mark can be. */
const MOST = 48;

/** Has bash print a new mark. (A simulated sandbox does as the comment says.) */
export const MARK = `#sim 0 mark
read -r evalpool_mark < /proc/sys/kernel/random/uuid || evalpool_mark=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \\n')
printf '\\nevalpool-%s\\n' "$evalpool_mark"
`;

/** Has it print the mark again, and end as the script did. */
export const MARK_AGAIN = `status=$?
#sim 0 mark
printf '\\nevalpool-%s\\n' "$evalpool_mark"
exit "$status"
`;

/** Takes marked output apart as it comes. */
export interface MarkedOutput {
  take(chunk: string): void;
  /** No more comes. False: the second mark never came, the script did not reach its end. */
  close(): boolean;
}

/** Begins before the first mark. `inside` is told what stands between the marks, `outside` the rest. */
export function markedOutput(inside: (text: string) => void, outside: (text: string) => void): MarkedOutput {
  let held = '';
  let end: string | null = null;
  let ended = false;
  const pass = (to: (text: string) => void, characters: number): void => {
    if (characters > 0) to(held.slice(0, characters));
    held = held.slice(Math.max(0, characters));
  };
  const begin = (): void => {
    const found = MARK_LINE.exec(held);
    pass(outside, found === null ? held.length - MOST : found.index);
    if (found === null) return;
    held = held.slice(found[0].length);
    end = `\n${found[1] ?? ''}\n`;
  };
  return {
    take(chunk) {
      held += chunk;
      if (end === null) begin();
      if (end === null) return;
      const at = ended ? 0 : held.indexOf(end);
      if (!ended) pass(inside, at === -1 ? held.length - end.length : at);
      if (at === -1) return;
      if (!ended) held = held.slice(end.length);
      ended = true;
      pass(outside, held.length);
    },
    close() {
      pass(end === null || ended ? outside : inside, held.length);
      return ended;
    },
  };
}
