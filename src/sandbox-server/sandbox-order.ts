import type { LayerStack } from './box.ts';
import type { Egress } from './control/egress.ts';
import type { MetadataByPath } from './envd/file-metadata.ts';

/** What becomes of a sandbox at its end. */
export interface Lifecycle {
  onTimeout: 'kill' | 'pause';
  /** Whether a pause at its end keeps its processes. */
  keepMemory: boolean;
  /** Whether a request to it wakes it when it is paused, however it came to be so. */
  autoResume: boolean;
}

/** A sandbox that is asked for. */
export interface SandboxOrder {
  template: string;
  /** What its files start from; undefined: the machine's own toolchain. */
  layers?: LayerStack | undefined;
  /** What is known of those files. */
  filesMetadata?: MetadataByPath | undefined;
  metadata: Readonly<Record<string, string>>;
  envVars: Readonly<Record<string, string>>;
  lifeMs: number;
  egress: Egress;
  lifecycle: Lifecycle;
}
