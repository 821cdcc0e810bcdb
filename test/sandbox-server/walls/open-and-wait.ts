// A server to be killed: opens a box, starts a command in it, freezes it if asked, prints the pids of the box's first process and of the launcher.
import { readFileSync } from 'node:fs';
import { makeLog } from '../../../src/log.ts';
import { openWall } from '../../../src/sandbox-server/walls/open-wall.ts';
import { bash, LIMITS } from './start-wall.ts';

const wall = await openWall({ home: process.argv[2] ?? '', log: makeLog('killed', 'warn') });
const box = await wall.open({ id: 'killed', limits: LIMITS, network: 'none' });
await box.start(bash('trap "" TERM HUP; while :; do sleep 1; done'));
if (process.argv[3] === 'frozen') await box.freeze();
const first = box.pid;
const parent = (pid: number): number =>
  Number(/PPid:\t(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
process.stdout.write(`${first} ${parent(parent(first))}\n`);
