/** What a launcher is asked, as it reads it: the length of all, then each field behind its own length. */
export function frame(fields: readonly string[]): Buffer {
  const parts = fields.flatMap((field) => {
    const bytes = Buffer.from(field);
    return [lengthOf(bytes.length), bytes];
  });
  const all = Buffer.concat(parts);
  return Buffer.concat([lengthOf(all.length), all]);
}

function lengthOf(bytes: number): Buffer {
  const field = Buffer.alloc(4);
  field.writeUInt32BE(bytes);
  return field;
}
