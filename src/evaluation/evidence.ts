import { shownTail, type Blobs } from '../blobs/blobs.ts';
import { openCappedLog, type CappedLog } from '../blobs/capped-log.ts';
import type { Artifact, Basis, StageLog, StageTiming, TestResult } from '../result.ts';
import type { Stage } from '../stage.ts';

/** What one attempt leaves behind, filled as it goes, so that it is there whatever ends the attempt. */
export interface Evidence {
  stages: StageTiming[];
  logs: StageLog[];
  /** Last lines of the stage that decided, harmless. */
  tail: string;
  tests: TestResult[];
  /** By name; only where the spec asks for a reward. */
  rewards?: Record<string, number>;
  artifacts: Artifact[];
  /** Of the test script; null when it did not run to its end. */
  exitCode: number | null;
  /** What the verdict was made from; null as long as there is nothing. */
  basis: Basis | null;
}

/** Evidence of an attempt that did nothing yet. */
export function noEvidence(): Evidence {
  return { stages: [], logs: [], tail: '', tests: [], artifacts: [], exitCode: null, basis: null };
}

/** Where the evidence of an attempt goes. `keyPrefix`: `<batch>/<evaluation>/<attempt>` in the blob store. */
export interface Keeping {
  evidence: Evidence;
  blobs: Blobs;
  keyPrefix: string;
}

/** The log of the stage now running. */
export interface StageLogWriter extends CappedLog {
  /** Stores what was written, if anything. Throws STORE_FAILED. */
  close(): Promise<void>;
}

/** Opens the log of a stage; once closed it is part of the evidence. */
export function openStageLog(stage: Stage, to: Keeping, secrets: readonly string[]): StageLogWriter {
  const log = openCappedLog(secrets);
  return {
    ...log,
    async close() {
      const { content, bytes, cut } = log.kept();
      // What is collected afterwards explains nothing: the stage before it decided.
      if (stage !== 'collect') to.evidence.tail = shownTail(content);
      if (bytes === 0) return;
      const blob = `${to.keyPrefix}/${stage}.log`;
      await to.blobs.put(blob, content);
      to.evidence.logs.push({ stage, blob, bytes, cut });
    },
  };
}
