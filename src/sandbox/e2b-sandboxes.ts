import { Sandbox as SdkSandbox, type SandboxOpts } from '@e2b/code-interpreter';
import { raiseStreamLimit } from '../config.ts';
import { keyOf, type ProviderConfig } from '../provider-config.ts';
import { blame } from './blame.ts';
import { wrapSandbox } from './e2b-sandbox.ts';
import { networkOptions } from './network-options.ts';
import type { ListedSandbox, Sandbox, Sandboxes, SandboxRequest } from './sandbox.ts';

const REQUEST_TIMEOUT_MS = 30_000;
const STREAMS = 2_000;

type Account = Pick<SandboxOpts, 'apiUrl' | 'sandboxUrl' | 'apiKey' | 'requestTimeoutMs' | 'retries'>;

/** The sandboxes of one provider account, through the unmodified SDK. Throws USAGE without a key. */
export function openSandboxes(provider: ProviderConfig): Sandboxes {
  // Every stage holds one stream open, and the SDK lets the 201st wait for ever behind its default.
  raiseStreamLimit(STREAMS);
  const account: Account = {
    ...(provider.apiUrl === undefined ? {} : { apiUrl: provider.apiUrl }),
    ...(provider.sandboxUrl === undefined ? {} : { sandboxUrl: provider.sandboxUrl }),
    apiKey: keyOf(provider),
    requestTimeoutMs: REQUEST_TIMEOUT_MS,
    retries: 0,
  };
  return {
    create: (request) => create(account, provider.template, request),
    destroy: (id) => destroy(account, id),
    list: (metadata) => list(account, metadata),
  };
}

async function create(account: Account, template: string, request: SandboxRequest): Promise<Sandbox> {
  try {
    const sdk = await SdkSandbox.create(request.template ?? template, {
      ...account,
      metadata: { ...request.metadata },
      timeoutMs: request.lifeMs,
      lifecycle: { onTimeout: 'kill' },
      ...(request.network === undefined ? {} : networkOptions(request.network)),
    });
    return wrapSandbox(sdk);
  } catch (error) {
    throw blame(error, 'create');
  }
}

async function destroy(account: Account, id: string): Promise<void> {
  try {
    await SdkSandbox.kill(id, account);
  } catch (error) {
    throw blame(error, 'account');
  }
}

async function list(account: Account, metadata: Readonly<Record<string, string>>): Promise<ListedSandbox[]> {
  const found: ListedSandbox[] = [];
  try {
    const pages = SdkSandbox.list({
      ...account,
      query: { metadata: { ...metadata }, state: ['running', 'paused'] },
    });
    while (pages.hasNext) {
      for (const item of await pages.nextItems()) {
        const { sandboxId: id, metadata: carried, startedAt, state } = item;
        found.push({ id, metadata: carried, startedAt, paused: state === 'paused' });
      }
    }
  } catch (error) {
    throw blame(error, 'account');
  }
  return found;
}
