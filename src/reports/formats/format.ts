import type { ComparedRun } from '../comparison/tally-results.ts';
import type { RecordedTest, RunFolder } from './run-folder.ts';

/** An entry of a file of samples or predictions. */
export interface SampleRow {
  /** `file:line`. */
  source: string;
  value: unknown;
  /** Its name, in a JSON object that is keyed by it. */
  key: string | undefined;
}

/** Names of tests by whether they came out as expected. */
interface Split {
  success: string[];
  failure: string[];
}

/** How the tests that decide came out. */
export interface ExpectedTests {
  failToPass: Split;
  passToPass: Split;
}

/** What may be asked of an export beside its form. */
export interface Wishes {
  /** An entry for each test instead of one for each evaluation. */
  tests?: true | undefined;
  /** The samples or predictions that were evaluated; each call reads them anew. */
  samples?: (() => AsyncIterable<SampleRow>) | undefined;
  /** Another run over the same tasks. */
  against?: ComparedRun | undefined;
  /** How the expected tests of an instance came out; undefined for one that the data set does not have. */
  instances?: ((id: string, tests: readonly RecordedTest[]) => ExpectedTests | undefined) | undefined;
  /** The model's name where no label `model` says it. */
  model?: string | undefined;
}

/** The name of a wish, which is that of its option. */
export type Wish = keyof Wishes;

/** One file of an export that is a folder. `copy`: the path of a file with its content, which may be missing. */
export type ExportedFile = { path: string } & ({ text: string } | { copy: string });

interface Described {
  /** What it is and who reads it, in half a line. */
  about: string;
  takes: readonly Wish[];
  /** What it cannot do without. */
  needs?: Wish;
}

/** A form that results can be told in: one text, or a folder of files. */
export type Format = Described &
  (
    | { text: (run: RunFolder, wishes: Wishes) => AsyncIterable<string> }
    | { files: (run: RunFolder, wishes: Wishes) => AsyncIterable<ExportedFile> }
  );
