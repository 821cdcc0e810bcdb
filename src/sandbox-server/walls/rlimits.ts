import { readFileSync } from 'node:fs';
import type { BoxLimits } from '../box.ts';

const [NPROC, NOFILE, MEMLOCK, SIGPENDING, MSGQUEUE, NICE, RTPRIO] = [6, 7, 8, 11, 12, 13, 14];
const [MOST_OPEN, LEAST_OPEN] = [16_384, 1024];
/** Part of the files that the whole machine may open which one box may. */
const OPEN_PART = 8;
const MEGABYTE = 1024 * 1024;

/** A limit of setrlimit(2): its number, and the value that its soft and hard limit get. */
export type Rlimit = readonly [resource: number, value: number];

/** Limits of every process of a box: what the server itself may, by its service's settings, is nothing to a candidate. */
export function rlimitsOf(limits: BoxLimits): Rlimit[] {
  return [
    // Counts by user namespace, so by box.
    [NPROC, limits.processes],
    [NOFILE, openFiles(limits.processes)],
    [MEMLOCK, 8 * MEGABYTE],
    [SIGPENDING, 8192],
    [MSGQUEUE, 819_200],
    [NICE, 0],
    [RTPRIO, 0],
  ];
}

// Some machines bound the open files of all users together; at that bound nobody but root opens any.
function openFiles(processes: number): number {
  const ofMachine = Number(readFileSync('/proc/sys/fs/file-max', 'utf8'));
  return Math.min(MOST_OPEN, Math.max(LEAST_OPEN, Math.floor(ofMachine / OPEN_PART / processes)));
}
