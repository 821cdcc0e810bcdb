import type { SavedFiles, SavePlace } from '../box.ts';
import { admitCreation } from '../limits/admit-creation.ts';
import { Refusal } from '../refusal.ts';
import type { LiveSandbox, Sandboxes, SandboxOrder } from '../sandboxes.ts';
import { DEFAULT_TAG, parseNewName } from './template-name.ts';
import type { Template } from './templates.ts';

/** Most layers over each other: what names them to the kernel is one page. */
const MAX_LAYERS = 100;

/** Keeps the files of a sandbox for others to start from. Throws 400 for a name that cannot be given, 409 when it is paused. */
export async function takeSnapshot(
  sandboxes: Sandboxes,
  sandbox: LiveSandbox,
  asked: string | undefined,
): Promise<Template> {
  const { templates } = sandboxes.options;
  const named = asked === undefined ? { name: null, tag: DEFAULT_TAG } : parseNewName(asked);
  if (named.name !== null && templates.find(`${named.name}:${named.tag}`)?.kind === 'template')
    throw new Refusal(400, `Invalid name: '${asked}' is a template of this server`);
  const saved = await saveSandbox(sandboxes, sandbox, false);
  try {
    const filesMetadata = await sandbox.fileMetadata.all();
    const { layers } = saved;
    return templates.keep({ kind: 'snapshot', ...named, layers, filesMetadata, sandboxId: sandbox.id });
  } finally {
    await saved.release();
    void sandboxes.removeUnusedLayers();
  }
}

/** What is to start from the files of another sandbox. */
export interface Forks {
  count: number;
  lifeMs: number;
}

/**
 * Starts new sandboxes from the files of one that runs, by one layer that goes with the last of them. All else that was ordered
 * for it holds for them too.
 */
export async function forkSandbox(
  sandboxes: Sandboxes,
  sandbox: LiveSandbox,
  { count, lifeMs }: Forks,
): Promise<Array<PromiseSettledResult<LiveSandbox>>> {
  const { template, metadata, envVars, egress, lifecycle } = sandbox;
  const saved = await saveSandbox(sandboxes, sandbox, true);
  const order: SandboxOrder = {
    template,
    layers: saved.layers,
    filesMetadata: await sandbox.fileMetadata.all(),
    metadata,
    envVars,
    lifeMs,
    egress,
    lifecycle,
  };
  const startOne = async (): Promise<LiveSandbox> => {
    admitCreation(sandboxes);
    return sandboxes.create(order);
  };
  try {
    return await Promise.allSettled(Array.from({ length: count }, startOne));
  } finally {
    await saved.release();
    void sandboxes.removeUnusedLayers();
  }
}

async function saveSandbox(
  sandboxes: Sandboxes,
  sandbox: LiveSandbox,
  isBrief: boolean,
): Promise<SavedFiles> {
  const { options, pauses } = sandboxes;
  if ((sandbox.layers?.folders.length ?? 0) >= MAX_LAYERS)
    throw new Refusal(
      400,
      `a sandbox that comes from ${MAX_LAYERS} snapshots of snapshots cannot be saved again`,
    );
  const making = options.templates.layers.beginMaking();
  try {
    const place = { newFolder: making.newFolder, isBrief };
    const saved = await pauses.whileStill(sandbox, () => saveFiles(sandbox, place));
    const release = async (): Promise<void> => {
      making.end();
      await saved.release();
    };
    return { ...saved, release };
  } catch (error) {
    making.end();
    void sandboxes.removeUnusedLayers();
    throw error;
  }
}

async function saveFiles({ box }: LiveSandbox, place: SavePlace): Promise<SavedFiles> {
  try {
    return await box.save(place);
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal(500, `this sandbox cannot be saved: ${error instanceof Error ? error.message : ''}`);
  }
}
