import { EXIT } from './exit-codes.ts';

/** The wish to stop. */
export interface Interrupts {
  /** Aborted by the first Ctrl-C or SIGTERM; the second ends the process at once. */
  signal: AbortSignal;
  /** Resolves when that happens. */
  interrupted: Promise<'interrupted'>;
  /** Back to the usual meaning of signals. */
  release(): void;
}

/** Listens for Ctrl-C and SIGTERM. `onFirst` may say what happens now. */
export function listenForInterrupts(onFirst: () => void): Interrupts {
  const controller = new AbortController();
  const interrupted = new Promise<'interrupted'>((resolve) => {
    controller.signal.addEventListener('abort', () => resolve('interrupted'), { once: true });
  });
  const onSignal = (): void => {
    // Its lease goes with the process, and the stack with its last lease.
    if (controller.signal.aborted) process.exit(EXIT.interrupted);
    controller.abort();
    onFirst();
  };
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const signal of signals) process.on(signal, onSignal);
  return {
    signal: controller.signal,
    interrupted,
    release: () => {
      for (const signal of signals) process.off(signal, onSignal);
    },
  };
}
