import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { makeLog } from '../../../src/log.ts';
import { Cgroups } from '../../../src/sandbox-server/walls/cgroups.ts';

// Makes a server's control groups and those of one box again and again, for groups.test.ts.
const ROUNDS = 150;
const LIMITS = { memoryMb: 64, cpus: 1, processes: 16, diskMb: 1 };
const log = makeLog('test', 'silent');
const launcher = spawn('sleep', ['1000']);
let former: Cgroups | undefined;
for (let round = 0; round < ROUNDS; round++) {
  const groups = new Cgroups(log);
  groups.adopt(launcher.pid ?? -1);
  await former?.close();
  await groups.make('box', LIMITS).remove();
  former = groups;
}
launcher.kill('SIGKILL');
await once(launcher, 'exit');
await former?.close();
