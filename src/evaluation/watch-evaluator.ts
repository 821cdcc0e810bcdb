import { statfs } from 'node:fs/promises';
import type { Metrics } from '../metrics/metrics.ts';
import { STAGES } from '../stage.ts';
import type { RunningAttempts } from './running-attempts.ts';
import type { SlotWaiter } from './wait-for-slot.ts';

interface Watched {
  provider: string;
  running: RunningAttempts;
  slots: SlotWaiter;
  /** What lies on the disk, by the name it is shown under. */
  folders: Readonly<Record<string, string>>;
}

/** Sets, at each scrape, what an evaluator is doing now and how full its disks are. */
export function watchEvaluator(metrics: Metrics, { provider, running, slots, folders }: Watched): void {
  metrics.beforeScrape(() => {
    metrics.slotWaiters.set({ provider }, slots.waiting);
    const { all } = running;
    for (const stage of STAGES) {
      const count = all.filter((each) => each.stage === stage).length;
      metrics.attemptsRunning.set({ provider, stage }, count);
    }
  });
  for (const [folder, path] of Object.entries(folders))
    metrics.beforeScrape(async () => {
      const { bavail, blocks, bsize } = await statfs(path);
      metrics.diskFree.set({ folder }, bavail * bsize);
      metrics.diskSize.set({ folder }, blocks * bsize);
    });
}
