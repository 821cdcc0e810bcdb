// A server to be killed: opens a box, starts a command in it, freezes it if asked, prints the pids of the box's first process and of the launcher.
import { readFileSync } from 'node:fs';
import { WALLS } from '../../../src/config.ts';
import { makeLog } from '../../../src/log.ts';
import { openWall } from '../../../src/sandbox-server/walls/open-wall.ts';
import { bash, LIMITS } from './start-wall.ts';

const [, , home = '', state, wallName] = process.argv;
const name = WALLS.find((each) => each === wallName) ?? WALLS[0];
const wall = await openWall({ home, log: makeLog('killed', 'warn'), wall: name });
const box = await wall.open({ id: 'killed', limits: LIMITS, network: 'none' });
await box.start(bash('trap "" TERM HUP; while :; do sleep 1; done'));
if (state === 'frozen') await box.freeze();
const first = box.pid;
const parent = (pid: number): number =>
  Number(/PPid:\t(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
process.stdout.write(`${first} ${parent(parent(first))}\n`);
