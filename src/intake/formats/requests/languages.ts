import { quote } from '../../../shell-quote.ts';

/** How a program in a language is built and run. `file`: the name it has where nobody says. */
export interface Language {
  file: string;
  build?: (file: string) => string;
  run: (file: string) => string;
}

const by =
  (command: string): ((file: string) => string) =>
  (file) =>
    `${command} ${quote(file)}`;
const binary = (): string => './program';

const PYTHON: Language = { file: 'main.py', run: by('python3') };
const NODE: Language = { file: 'main.js', run: by('node') };
const BASH: Language = { file: 'main.sh', run: by('bash') };
const CPP: Language = { file: 'main.cpp', build: by('g++ -O2 -std=c++17 -o program'), run: binary };

/** By the names that SandboxFusion and Piston have for them. */
const LANGUAGES: Readonly<Record<string, Language>> = {
  python: PYTHON,
  python3: PYTHON,
  py: PYTHON,
  nodejs: NODE,
  javascript: NODE,
  node: NODE,
  js: NODE,
  bash: BASH,
  sh: BASH,
  cpp: CPP,
  'c++': CPP,
  c: { file: 'main.c', build: by('gcc -O2 -lm -o program'), run: binary },
  go: { file: 'main.go', build: by('go build -o program'), run: binary },
  rust: { file: 'main.rs', build: by('rustc -O -o program'), run: binary },
  java: {
    file: 'Main.java',
    build: by('javac'),
    run: (file) => `java ${quote(file.replace(/\.java$/, ''))}`,
  },
  perl: { file: 'main.pl', run: by('perl') },
  ruby: { file: 'main.rb', run: by('ruby') },
  php: { file: 'main.php', run: by('php') },
  lua: { file: 'main.lua', run: by('lua') },
  R: { file: 'main.R', run: by('Rscript') },
  julia: { file: 'main.jl', run: by('julia') },
};

/** Their names. */
export const LANGUAGE_NAMES = Object.keys(LANGUAGES);

/** A language by its name; undefined: there is none. */
export function findLanguage(name: string): Language | undefined {
  return Object.hasOwn(LANGUAGES, name) ? LANGUAGES[name] : undefined;
}
