import { harmlessLine } from '../../harmless-text.ts';

const MAX_NAME = 500;

/** The forms under which a report may name a test that a spec expects: as it stands, and for a pytest id as JUnit has it. */
export function expectedNames(name: string): string[] {
  const plain = harmlessLine(name, MAX_NAME);
  const pytest = /^(?<file>[^:[]+)\.py::(?<rest>.+)$/.exec(name)?.groups;
  if (pytest === undefined) return [plain];
  const [file = '', rest = ''] = [pytest['file'], pytest['rest']];
  // Everything from the first bracket on is a parameter, which may hold anything.
  const at = rest.indexOf('[');
  const path = (at === -1 ? rest : rest.slice(0, at)).replaceAll('::', '.');
  const joined = `${file.replaceAll('/', '.')}.${path}${at === -1 ? '' : rest.slice(at)}`;
  return [plain, harmlessLine(joined, MAX_NAME)];
}
