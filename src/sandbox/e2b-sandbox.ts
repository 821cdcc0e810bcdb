import {
  FileNotFoundError,
  InvalidArgumentError,
  SandboxNotFoundError,
  type Sandbox as SdkSandbox,
} from '@e2b/code-interpreter';
import { EvalpoolError } from '../errors.ts';
import { blame } from './blame.ts';
import { confirmLoss } from './confirm-loss.ts';
import { networkOptions } from './network-options.ts';
import { runCommand } from './run-command.ts';
import type { Sandbox } from './sandbox.ts';

// Slow enough for a thin line to the cloud; the stage's own deadline comes first.
const transferTimeoutMs = (bytes: number): number => 60_000 + Math.ceil(bytes / 250);

const ASK_TIMEOUT_MS = 10_000;

/** The SDK's sandbox behind our own small interface. Every error of the SDK is translated on the way out. */
export function wrapSandbox(sdk: SdkSandbox): Sandbox {
  const blamed = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw error instanceof EvalpoolError ? await confirmLoss(error, () => isAlive(sdk)) : error;
    }
  };
  return {
    id: sdk.sandboxId,
    run: (options) => blamed(() => runCommand(sdk.commands, options, () => isAlive(sdk))),
    writeFiles: (files, user) => blamed(() => writeFiles(sdk, files, user)),
    readFile: (path, maxBytes, user) => blamed(() => readFile(sdk, path, { maxBytes, user })),
    setNetwork: (network) => blamed(() => translated(() => sdk.updateNetwork(networkOptions(network)))),
    extend: (lifeMs) => blamed(() => translated(() => sdk.setTimeout(lifeMs))),
  };
}

async function isAlive(sdk: SdkSandbox): Promise<boolean> {
  try {
    return (await sdk.getInfo({ requestTimeoutMs: ASK_TIMEOUT_MS })).state === 'running';
  } catch (error) {
    if (error instanceof SandboxNotFoundError) return false;
    throw error;
  }
}

async function writeFiles(
  sdk: SdkSandbox,
  files: ReadonlyMap<string, Uint8Array>,
  user: string | undefined,
): Promise<void> {
  const entries = [...files].map(([path, bytes]) => ({
    path,
    data: new Blob([asPart(bytes)]),
  }));
  const bytes = [...files.values()].reduce((sum, file) => sum + file.byteLength, 0);
  const how = { requestTimeoutMs: transferTimeoutMs(bytes), ...(user === undefined ? {} : { user }) };
  await translated(() => sdk.files.write(entries, how));
}

// A view of shared memory would have to be copied; none of ours is.
function asPart({ buffer, byteOffset, byteLength }: Uint8Array): Uint8Array<ArrayBuffer> {
  if (buffer instanceof ArrayBuffer) return new Uint8Array(buffer, byteOffset, byteLength);
  return Uint8Array.from(new Uint8Array(buffer, byteOffset, byteLength));
}

async function readFile(
  sdk: SdkSandbox,
  path: string,
  how: { maxBytes: number; user: string | undefined },
): Promise<Uint8Array | null> {
  const user = how.user === undefined ? {} : { user: how.user };
  try {
    const stream = await sdk.files.read(path, {
      format: 'stream',
      requestTimeoutMs: transferTimeoutMs(how.maxBytes),
      ...user,
    });
    return await readBounded(stream, path, how.maxBytes);
  } catch (error) {
    if (error instanceof FileNotFoundError || error instanceof InvalidArgumentError) return null;
    throw blame(error, 'sandbox');
  }
}

// Bounded while it is read: a size asked for beforehand is the candidate's to change.
async function readBounded(
  stream: ReadableStream<Uint8Array>,
  path: string,
  maxBytes: number,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw new EvalpoolError('LIMITS', `${path} is larger than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function translated<T>(work: () => Promise<T>): Promise<void> {
  try {
    await work();
  } catch (error) {
    throw blame(error, 'sandbox');
  }
}
