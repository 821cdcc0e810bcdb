import { create, createFileRegistry, type DescMessage, type MessageInitShape } from '@bufbuild/protobuf';
import {
  type DescriptorProtoSchema,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
  type FieldDescriptorProtoSchema,
  file_google_protobuf_timestamp as timestamp,
  FileDescriptorProtoSchema,
} from '@bufbuild/protobuf/wkt';

/**
 * A field: its number, what it holds, and how often. A map has text as keys; `optional` tells unset from zero.
 * A member of a oneof is a message or written as optional: the bytes are the same.
 */
export type FieldRow = readonly [number, string, ('list' | 'map' | 'optional')?];

/** What a .proto file says, as much as we need of it. Fields have their names in JSON. */
export interface MessageTable {
  package: string;
  enums: Readonly<Record<string, Readonly<Record<string, number>>>>;
  messages: Readonly<Record<string, Readonly<Record<string, FieldRow>>>>;
}

type Message = MessageInitShape<typeof DescriptorProtoSchema>;
type Field = MessageInitShape<typeof FieldDescriptorProtoSchema>;

const SCALARS: Readonly<Record<string, Type>> = {
  string: Type.STRING,
  bytes: Type.BYTES,
  bool: Type.BOOL,
  uint32: Type.UINT32,
  sint32: Type.SINT32,
  int64: Type.INT64,
};

/** The messages of a table by name, as protobuf's library reads and writes them. */
export function buildMessages(table: MessageTable): ReadonlyMap<string, DescMessage> {
  const file = create(FileDescriptorProtoSchema, {
    name: `${table.package}.proto`,
    package: table.package,
    syntax: 'proto3',
    dependency: [timestamp.proto.name],
    enumType: Object.entries(table.enums).map(([name, values]) => ({
      name,
      value: Object.entries(values).map(([key, number]) => ({ name: key, number })),
    })),
    messageType: Object.entries(table.messages).map(([name, rows]) => buildMessage(table, name, rows)),
  });
  const { files } = createFileRegistry(file, () => timestamp);
  const messages = [...files].flatMap(({ messages: ofFile }) => ofFile);
  return new Map(messages.map((message) => [message.name, message]));
}

function buildMessage(table: MessageTable, name: string, rows: Readonly<Record<string, FieldRow>>): Message {
  const message = {
    name,
    field: [] as Field[],
    nestedType: [] as Message[],
    oneofDecl: [] as { name: string }[],
  };
  for (const [key, [number, holds, often]] of Object.entries(rows)) {
    const field = { name: key, jsonName: key, number, label: Label.OPTIONAL, ...typeOf(table, holds) };
    if (often === undefined) message.field.push(field);
    if (often === 'list') message.field.push({ ...field, label: Label.REPEATED });
    if (often === 'optional') {
      // proto3 tells unset from zero by a oneof with one member.
      const oneofIndex = message.oneofDecl.push({ name: `_${key}` }) - 1;
      message.field.push({ ...field, proto3Optional: true, oneofIndex });
    }
    if (often === 'map') {
      // A map is a list of messages with a key and a value.
      const entry = `${key}Entry`;
      const pair = [textKey, { ...field, name: 'value', jsonName: 'value', number: 2 }];
      message.nestedType.push({ name: entry, field: pair, options: { mapEntry: true } });
      const typeName = `.${table.package}.${name}.${entry}`;
      message.field.push({ ...field, label: Label.REPEATED, type: Type.MESSAGE, typeName });
    }
  }
  return message;
}

const textKey: Field = { name: 'key', jsonName: 'key', number: 1, label: Label.OPTIONAL, type: Type.STRING };

function typeOf({ package: ours, enums }: MessageTable, holds: string): Field {
  const scalar = SCALARS[holds];
  if (scalar !== undefined) return { type: scalar };
  const typeName = holds.includes('.') ? `.${holds}` : `.${ours}.${holds}`;
  return { type: holds in enums ? Type.ENUM : Type.MESSAGE, typeName };
}
