/** Keeps the process whole when its terminal or the reader of its output goes away. */
export function surviveLostTerminal(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  // The run goes on and writes its results: whoever closed the terminal finds them there.
  process.on('SIGHUP', () => undefined);
}
