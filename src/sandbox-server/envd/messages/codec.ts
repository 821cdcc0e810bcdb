import { create, fromBinary, fromJsonString, toBinary, type DescMessage } from '@bufbuild/protobuf';
import { Refusal } from '../../refusal.ts';
import { parseJson } from '../../shapes.ts';
import { buildMessages } from './build-messages.ts';
import { filesystemMessages } from './filesystem-messages.ts';
import { processMessages } from './process-messages.ts';
import { toJsonObject } from './to-json-object.ts';

/** How the messages of one method stand on the wire. Handlers know only proto3 JSON. */
export interface Codec {
  /** The last word of its content types: `application/…`, `application/connect+…`. */
  readonly name: 'json' | 'proto';
  /** A request as a JSON value. Throws 400 for what is no such message. */
  read(bytes: Buffer): unknown;
  /** A reply or an event, made as JSON text, as it is sent. */
  write(json: string): string | Uint8Array;
  /** The event of a process's output. */
  writeOutput(kind: 'stdout' | 'stderr' | 'pty', bytes: Buffer): string | Uint8Array;
}

const METHODS = new Map([
  ...methodsOf('process.Process', buildMessages(processMessages)),
  ...methodsOf('filesystem.Filesystem', buildMessages(filesystemMessages)),
]);

/** JSON as it is: what the SDK speaks, and the fast one. */
export const jsonCodec: Codec = {
  name: 'json',
  read: parseJson,
  write: (json) => json,
  writeOutput: (kind, bytes) => `{"event":{"data":{"${kind}":"${bytes.toString('base64')}"}}}`,
};

/** Binary protobuf, translated from and to JSON, for the method `<service>/<method>`. Throws 501 for an unknown one. */
export function protoCodec(path: string): Codec {
  const method = METHODS.get(path);
  if (!method) throw new Refusal(501, `no such method: ${path}`);
  return {
    name: 'proto',
    read: (bytes) => readBinary(method.request, bytes),
    write: (json) => toBinary(method.reply, fromJsonString(method.reply, json)),
    writeOutput: (kind, bytes) =>
      toBinary(method.reply, create(method.reply, { event: { data: { [kind]: bytes } } })),
  };
}

interface Method {
  request: DescMessage;
  reply: DescMessage;
}

// envd names what a method takes and gives after the method.
function methodsOf(service: string, messages: ReadonlyMap<string, DescMessage>): Array<[string, Method]> {
  return [...messages].flatMap(([name, request]): Array<[string, Method]> => {
    const method = name.replace(/Request$/, '');
    const reply = messages.get(`${method}Response`);
    return method !== name && reply ? [[`${service}/${method}`, { request, reply }]] : [];
  });
}

function readBinary(message: DescMessage, bytes: Buffer): unknown {
  try {
    return toJsonObject(message, fromBinary(message, bytes));
  } catch {
    throw new Refusal(400, 'the body is not a protobuf message of this method');
  }
}
