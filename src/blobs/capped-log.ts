// 1. Takes whatever a stage prints, in bounded memory: the first and the last bytes stay.
// 2. Says in one line how many bytes were left out between.
// 3. Takes secrets out before anything leaves this file.

/** Bytes of a log that are kept from its start, and as many from its end. */
export const HEAD_BYTES = 512 * 1024;
export const TAIL_BYTES = 512 * 1024;

/** What is kept of a log. */
export interface KeptLog {
  content: Buffer;
  /** Bytes written to it, kept or not. */
  bytes: number;
  cut: boolean;
}

/** Collects one log. `kept` may be asked at any time. */
export interface CappedLog {
  write(chunk: string | Uint8Array): void;
  kept(): KeptLog;
}

/** A log without limit for whoever writes it. `secrets` are replaced by *** wherever they occur. */
export function openCappedLog(
  secrets: readonly string[] = [],
  head = HEAD_BYTES,
  tail = TAIL_BYTES,
): CappedLog {
  const first = growing(head);
  const last = ring(tail);
  let bytes = 0;
  return {
    write(chunk) {
      const data = typeof chunk === 'string' ? Buffer.from(chunk) : Buffer.from(chunk);
      bytes += data.length;
      const taken = first.take(data);
      if (taken < data.length) last.take(data.subarray(taken));
    },
    kept() {
      const [start, end] = [first.content(), last.content()];
      const cut = start.length + end.length < bytes;
      if (!cut) return { content: redact(Buffer.concat([start, end]), secrets), bytes, cut };
      return { content: joinCut(start, end, bytes, secrets), bytes, cut };
    },
  };
}

// Where the middle is missing half a secret may stand on either side, which no search would find.
function joinCut(start: Buffer, end: Buffer, bytes: number, secrets: readonly string[]): Buffer {
  const margin = Math.max(0, ...secrets.map((secret) => Buffer.byteLength(secret) - 1));
  const left = redact(start, secrets).subarray(0, -margin || undefined);
  const right = redact(end, secrets).subarray(margin);
  const note = `\n[evalpool: ${bytes - start.length - end.length} bytes left out here]\n`;
  return Buffer.concat([left, Buffer.from(note), right]);
}

function redact(content: Buffer, secrets: readonly string[]): Buffer {
  const wanted = secrets
    .filter((secret) => secret !== '')
    .map((secret) => Buffer.from(secret).toString('latin1'));
  if (!wanted.some((secret) => content.includes(secret, 0, 'latin1'))) return content;
  // The longest first: one secret may be the beginning of another.
  wanted.sort((a, b) => b.length - a.length);
  const text = wanted.reduce(
    (kept, secret) => kept.replaceAll(secret, () => '***'),
    content.toString('latin1'),
  );
  return Buffer.from(text, 'latin1');
}

function growing(limit: number): { take(data: Buffer): number; content(): Buffer } {
  let buffer = Buffer.alloc(0);
  let used = 0;
  return {
    take(data) {
      const taken = Math.min(data.length, limit - used);
      if (used + taken > buffer.length) {
        const larger = Buffer.alloc(Math.min(limit, Math.max(4096, (used + taken) * 2)));
        buffer.copy(larger, 0, 0, used);
        buffer = larger;
      }
      data.copy(buffer, used, 0, taken);
      used += taken;
      return taken;
    },
    content: () => buffer.subarray(0, used),
  };
}

function ring(size: number): { take(data: Buffer): void; content(): Buffer } {
  let buffer: Buffer | undefined;
  let taken = 0;
  return {
    take(data) {
      buffer ??= Buffer.alloc(size);
      const useful = data.subarray(Math.max(0, data.length - size));
      const at = (taken + data.length - useful.length) % size;
      const beforeEnd = Math.min(useful.length, size - at);
      useful.copy(buffer, at, 0, beforeEnd);
      useful.copy(buffer, 0, beforeEnd);
      taken += data.length;
    },
    content() {
      if (buffer === undefined) return Buffer.alloc(0);
      if (taken <= size) return buffer.subarray(0, taken);
      return Buffer.concat([buffer.subarray(taken % size), buffer.subarray(0, taken % size)]);
    },
  };
}
