/**
 * The items of a stream until the signal is given, even if the next one never comes. No Promise.race with a lasting
 * promise: that keeps a little memory for every item.
 */
export async function* untilAborted<T>(signal: AbortSignal, items: AsyncIterable<T>): AsyncGenerator<T> {
  const iterator = items[Symbol.asyncIterator]();
  while (!signal.aborted) {
    const next = await nextUnlessAborted(signal, iterator);
    if (next.done) return;
    yield next.value;
  }
}

async function nextUnlessAborted<T>(
  signal: AbortSignal,
  iterator: AsyncIterator<T>,
): Promise<IteratorResult<T, undefined>> {
  return new Promise((resolve, reject) => {
    const stop = (): void => resolve({ done: true, value: undefined });
    const settle = (next: IteratorResult<T, undefined>): void => {
      signal.removeEventListener('abort', stop);
      resolve(next);
    };
    signal.addEventListener('abort', stop, { once: true });
    iterator.next().then(settle, (error: unknown) => {
      signal.removeEventListener('abort', stop);
      reject(error instanceof Error ? error : new Error(String(error)));
    });
  });
}
