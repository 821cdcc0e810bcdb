import { CLONE3, FIRST_UNKNOWN, type MachineCalls } from './machine-calls.ts';

const CLONE_NEW = 0x7e020000;
// TIOCSTI, TIOCLINUX, TIOCCONS, TIOCSETD: type into the terminal of another, take the console, load line disciplines
const TERMINAL_CALLS = [0x5412, 0x541c, 0x541d, 0x5423];
const [UNIX, INET, INET6, NETLINK] = [1, 2, 10, 16]; // vsock would reach the host of a virtual machine
// Any, ICMP, TCP, UDP, ICMPv6: others make the kernel load modules. Netlink: routes, which resolvers read.
const [INET_PROTOCOLS, NETLINK_PROTOCOLS] = [[0, 1, 6, 17, 58], [0]];
const PERSONALITIES = [0, 8, 0x20000, 0x20008, 0x40000, 0xffffffff];
const [MAP_HUGETLB, MFD_HUGETLB] = [0x40000, 0x4];
const RLIMIT_CORE = 4;
/** Largest System V segment and set of semaphores where no control group counts them; the kernel allows 4096 and 32000 of each. */
const [SEGMENT_BYTES, SEMAPHORES] = [16 * 1024, 32];

const ALLOW = 0x7fff0000;
const KILL = 0x80000000;
const DONE = 0x50000;
const EPERM = 0x50001;
const EINVAL = 0x50016;
const ENOSYS = 0x50026;
const EPROTONOSUPPORT = 0x5005d;
const EAFNOSUPPORT = 0x50061;
const [LOAD, IF_EQUAL, IF_AT_LEAST, IF_ABOVE, IF_BITS, RETURN] = [0x20, 0x15, 0x35, 0x25, 0x45, 0x06];
const [NUMBER, ARCHITECTURE] = [0, 4];

type Instruction = [code: number, value: number, skipIfTrue?: number, skipIfFalse?: number];

/**
 * The seccomp filter of every command in a box, as hex of its BPF program. `memoryIsWatched`: no control group counts memory,
 * so what only it could count is refused.
 */
export function seccompFilter(machine: MachineCalls, memoryIsWatched: boolean): string {
  return Buffer.concat(program(machine, memoryIsWatched).map(encode)).toString('hex');
}

function program(machine: MachineCalls, memoryIsWatched: boolean): Instruction[] {
  return [
    [LOAD, ARCHITECTURE],
    [IF_EQUAL, machine.audit, 1, 0],
    [RETURN, KILL],
    [LOAD, NUMBER],
    // Also x86's third interface, whose numbers have bit 30.
    [IF_AT_LEAST, FIRST_UNKNOWN, 0, 1],
    [RETURN, ENOSYS],
    ...on(CLONE3, [[RETURN, ENOSYS]]),
    ...machine.denied.flatMap((number) => on(number, [[RETURN, EPERM]])),
    ...(memoryIsWatched ? uncountedMemory(machine) : []),
    ...sharedWithHost(machine),
    ...on(machine.clone, ifBits(argument(0), CLONE_NEW, EPERM)),
    ...on(machine.ioctl, oneOf(argument(1), TERMINAL_CALLS, [[RETURN, EPERM]], ALLOW)),
    ...on(machine.socket, sockets()),
    ...on(machine.socketpair, oneOf(argument(0), [UNIX], [[RETURN, ALLOW]], EAFNOSUPPORT)),
    ...on(machine.personality, oneOf(argument(0), PERSONALITIES, [[RETURN, ALLOW]], EPERM)),
    [RETURN, ALLOW],
  ];
}

/** What all boxes and the host share, whoever uses it: huge pages, asynchronous I/O of old, the writing back of all disks. */
function sharedWithHost(machine: MachineCalls): Instruction[] {
  return [
    ...on(machine.mmap, ifBits(argument(3), MAP_HUGETLB, EPERM)),
    ...on(machine.memfdCreate, ifBits(argument(1), MFD_HUGETLB, EPERM)),
    ...on(machine.ioSetup, [[RETURN, ENOSYS]]),
    ...[machine.sync, machine.syncfs].flatMap((number) => on(number, [[RETURN, DONE]])),
    // The launcher's limit on cores stays: lowered to zero, the kernel would run the host's handler.
    ...on(machine.setrlimit, oneOf(argument(0), [RLIMIT_CORE], [[RETURN, DONE]], ALLOW)),
    ...on(machine.prlimit64, oneOf(argument(1), [RLIMIT_CORE], unlessNull(2, DONE), ALLOW)),
  ];
}

function uncountedMemory(machine: MachineCalls): Instruction[] {
  const atMost = (most: number): Instruction[] => [
    [LOAD, argument(1)],
    [IF_ABOVE, most, 0, 1],
    [RETURN, EINVAL],
    [LOAD, argument(1) + 4],
    [IF_EQUAL, 0, 1, 0],
    [RETURN, EINVAL],
    [RETURN, ALLOW],
  ];
  return [
    ...on(machine.memfdCreate, [[RETURN, ENOSYS]]),
    ...on(machine.msgget, [[RETURN, ENOSYS]]),
    ...on(machine.shmget, atMost(SEGMENT_BYTES)),
    ...on(machine.semget, atMost(SEMAPHORES)),
  ];
}

function sockets(): Instruction[] {
  const of = (families: number[], protocols: number[]): Instruction[] =>
    families.flatMap((family) =>
      on(family, oneOf(argument(2), protocols, [[RETURN, ALLOW]], EPROTONOSUPPORT)),
    );
  return [
    [LOAD, argument(0)],
    ...on(UNIX, [[RETURN, ALLOW]]),
    ...of([INET, INET6], INET_PROTOCOLS),
    ...of([NETLINK], NETLINK_PROTOCOLS),
    [RETURN, EAFNOSUPPORT],
  ];
}

/** Where a call's argument lies, its low half; the high one follows. */
function argument(index: number): number {
  return 16 + 8 * index;
}

function on(value: number, then: Instruction[]): Instruction[] {
  return [[IF_EQUAL, value, 0, then.length], ...then];
}

function ifBits(at: number, bits: number, verdict: number): Instruction[] {
  return [
    [LOAD, at],
    [IF_BITS, bits, 0, 1],
    [RETURN, verdict],
    [RETURN, ALLOW],
  ];
}

function oneOf(at: number, values: readonly number[], then: Instruction[], otherwise: number): Instruction[] {
  return [[LOAD, at], ...values.flatMap((value) => on(value, then)), [RETURN, otherwise]];
}

function unlessNull(index: number, verdict: number): Instruction[] {
  return [
    [LOAD, argument(index)],
    [IF_EQUAL, 0, 0, 3],
    [LOAD, argument(index) + 4],
    [IF_EQUAL, 0, 0, 1],
    [RETURN, ALLOW],
    [RETURN, verdict],
  ];
}

function encode([code, value, skipIfTrue = 0, skipIfFalse = 0]: Instruction): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt16LE(code, 0);
  bytes.writeUInt8(skipIfTrue, 2);
  bytes.writeUInt8(skipIfFalse, 3);
  bytes.writeUInt32LE(value, 4);
  return bytes;
}
