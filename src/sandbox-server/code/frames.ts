/** Longest frame, as many bytes as a pipe takes in one piece (PIPE_BUF of Linux). */
const FRAME_BYTES = 4096;
/** Longest message of a kernel; a longer one is skipped, and told to be. */
const MESSAGE_BYTES = 16 * 1024 * 1024;

/** Hears what one pipe of a kernel carries. */
export interface PipeListener {
  /** What the cell and its children wrote, as it came. */
  output(bytes: Buffer): void;
  /** What the kernel itself says; null: more than one message may hold. */
  message(json: string | null): void;
}

/**
 * Tells a kernel's own words from the output of its cells on the same pipe, so that both stay in order. A frame is NUL, the
 * nonce of the running cell, `+` (more follows) or `.` (the last), a piece of a JSON message, newline: one write of a kernel.
 * Whoever does not know the nonce, drawn anew for each cell, cannot say anything here but output.
 */
export class FrameReader {
  #listener: PipeListener | null = null;
  #marker = Buffer.alloc(0);
  #held = Buffer.alloc(0);
  #pieces: Buffer[] = [];
  #pieceBytes = 0;

  /** From now on bytes are a cell's; before and after one they are nobody's. */
  hear(nonce: string, listener: PipeListener): void {
    this.stop();
    this.#marker = Buffer.from(`\0${nonce}`);
    this.#listener = listener;
  }

  stop(): void {
    this.#listener = null;
    this.#held = Buffer.alloc(0);
    this.#pieces = [];
    this.#pieceBytes = 0;
  }

  push(bytes: Buffer): void {
    let rest = this.#held.length > 0 ? Buffer.concat([this.#held, bytes]) : bytes;
    this.#held = Buffer.alloc(0);
    while (this.#listener !== null && rest.length > 0) {
      const at = this.#findMarker(rest);
      if (at > 0) this.#listener.output(rest.subarray(0, at));
      rest = rest.subarray(at);
      const taken = this.#takeFrame(rest);
      if (taken === 0) {
        this.#held = Buffer.from(rest);
        return;
      }
      rest = rest.subarray(taken);
    }
  }

  /** Hands out what was held back in case it became a frame: nothing comes any more. */
  end(): void {
    if (this.#held.length > 0) this.#listener?.output(this.#held);
    this.stop();
  }

  // Where a marker begins, or may begin at the end; the length if nowhere.
  #findMarker(bytes: Buffer): number {
    const whole = bytes.indexOf(this.#marker);
    if (whole !== -1) return whole;
    const tail = bytes.indexOf(0, Math.max(0, bytes.length - this.#marker.length + 1));
    if (tail === -1) return bytes.length;
    for (let at = tail; at !== -1; at = bytes.indexOf(0, at + 1))
      if (this.#marker.indexOf(bytes.subarray(at)) === 0) return at;
    return bytes.length;
  }

  // How many bytes were used up, as a frame or, if they cannot be one, as output; 0: more are needed to tell.
  #takeFrame(bytes: Buffer): number {
    if (bytes.length === 0) return 0;
    const head = this.#marker.length + 1;
    const end = bytes.indexOf(0x0a, head);
    if (end === -1 && bytes.length < FRAME_BYTES) return 0;
    if (end === -1 || end >= FRAME_BYTES) {
      this.#listener?.output(bytes.subarray(0, this.#marker.length));
      return this.#marker.length;
    }
    this.#addPiece(bytes.subarray(head, end), bytes[head - 1] === 0x2e);
    return end + 1;
  }

  #addPiece(piece: Buffer, last: boolean): void {
    this.#pieceBytes += piece.length;
    if (this.#pieceBytes > MESSAGE_BYTES) this.#pieces = [];
    else this.#pieces.push(Buffer.from(piece));
    if (!last) return;
    const json = this.#pieceBytes > MESSAGE_BYTES ? null : Buffer.concat(this.#pieces).toString();
    this.#pieces = [];
    this.#pieceBytes = 0;
    this.#listener?.message(json);
  }
}
