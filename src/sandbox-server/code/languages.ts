import { Refusal } from '../refusal.ts';
import { BASH_PREAMBLE, BASH_START, bashRequest } from './kernels/bash-kernel.ts';
import { JAVASCRIPT_KERNEL } from './kernels/javascript-kernel.ts';
import { PYTHON_KERNEL } from './kernels/python-kernel.ts';

/** One piece of code to run. */
export interface Cell {
  /** 1 for the first of its kernel. */
  number: number;
  code: string;
  /** Variables for this cell only. */
  envs: Readonly<Record<string, string>>;
}

/** How a context of one language is started and fed. */
export interface Language {
  name: string;
  program: string;
  argv: readonly string[];
  /** What is written to it first. */
  preamble: string;
  /** What is written to it to run a cell, whose frames will carry the nonce. */
  request(cell: Cell, nonce: string): string;
}

const LANGUAGES: Readonly<Record<string, Language>> = {
  python: viaLogin('python', ['python3', '-u', '-c', PYTHON_KERNEL]),
  // Node's own parser, for what of `import` there is in a cell.
  javascript: viaLogin('javascript', ['node', '--expose-internals', '-e', JAVASCRIPT_KERNEL]),
  bash: {
    name: 'bash',
    program: 'bash',
    argv: ['/bin/bash', '-l', '-c', BASH_START],
    preamble: BASH_PREAMBLE,
    request: bashRequest,
  },
};

/** E2B's other names for them. */
const ALIASES: Readonly<Record<string, string>> = { js: 'javascript', ts: 'typescript' };

/** The language of that name, Python when none is named. Throws 400 for one that is not served. */
export function languageNamed(name: string | null | undefined): Language {
  const asked = (name || 'python').toLowerCase().trim();
  const wanted = Object.hasOwn(ALIASES, asked) ? (ALIASES[asked] ?? '') : asked;
  const language = Object.hasOwn(LANGUAGES, wanted) ? LANGUAGES[wanted] : undefined;
  if (!language)
    throw new Refusal(
      400,
      `language '${wanted.slice(0, 50)}' is not served here: expected python, javascript or bash`,
    );
  return language;
}

// Through a login shell, as commands are: what they find on their PATH, kernels find too. Without the program it ends with 127.
function viaLogin(name: string, argv: readonly [string, ...string[]]): Language {
  return {
    name,
    program: argv[0],
    argv: ['/bin/bash', '-l', '-c', 'exec "$0" "$@"', ...argv],
    preamble: '',
    request: (cell, nonce) => `${JSON.stringify({ ...cell, nonce })}\n`,
  };
}
