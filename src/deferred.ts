/** A promise with its handles. Nobody need await it: a rejection that nobody hears does not end the process. */
export interface Deferred<T> {
  promise: Promise<T>;
  resolve: (value: T | PromiseLike<T>) => void;
  reject: (error: unknown) => void;
}

/** A promise to be settled from outside. */
export function deferred<T = void>(): Deferred<T> {
  let resolve: Deferred<T>['resolve'] | undefined;
  let reject: Deferred<T>['reject'] | undefined;
  const promise = new Promise<T>((onDone, onFailed) => {
    resolve = onDone;
    reject = onFailed;
  });
  promise.catch(() => {});
  if (!resolve || !reject) throw new Error('a promise runs its executor at once');
  return { promise, resolve, reject };
}
