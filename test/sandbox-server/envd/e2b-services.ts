import { readFileSync } from 'node:fs';
import type { DescMessage, DescMethod, DescService } from '@bufbuild/protobuf';
import { fileDesc, serviceDesc } from '@bufbuild/protobuf/codegenv2';
import { file_google_protobuf_timestamp as timestamp } from '@bufbuild/protobuf/wkt';

/** A service of envd as E2B describes it: the descriptors stand in the e2b package's code. */
export function e2bService(name: 'process.Process' | 'filesystem.Filesystem'): DescService {
  const code = readFileSync(new URL(import.meta.resolve('e2b')), 'utf8');
  for (const [, base64 = ''] of code.matchAll(/fileDesc\)?\("([^"]+)"/g)) {
    const file = fileDesc(base64, [timestamp]);
    if (file.services[0]?.typeName === name) return serviceDesc(file, 0);
  }
  throw new Error(`the e2b package describes no ${name}`);
}

/** A method of it by its name on the wire. */
export function e2bMethod(path: string): DescMethod {
  const [service, name] = path.split('/');
  if (service !== 'process.Process' && service !== 'filesystem.Filesystem') throw new Error(path);
  const method = e2bService(service).methods.find((one) => one.name === name);
  if (!method) throw new Error(path);
  return method;
}

/** What of a message is seen on the wire and in JSON: its fields, by number, and theirs. */
export function wireShape(message: DescMessage): object {
  return Object.fromEntries(
    message.fields.map((field) => [
      field.number,
      {
        name: field.jsonName,
        often: field.fieldKind === 'list' || field.fieldKind === 'map' ? field.fieldKind : 'once',
        presence: field.presence,
        scalar: field.scalar,
        values: field.enum?.values.map(({ name, number }) => `${name}=${number}`).toSorted(),
        message: field.message && wireShape(field.message),
      },
    ]),
  );
}
