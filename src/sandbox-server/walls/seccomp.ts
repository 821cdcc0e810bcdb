interface Machine {
  /** AUDIT_ARCH of the kernel's interface. */
  audit: number;
  x32: boolean;
  clone: number;
  ioctl: number;
  socket: number;
  personality: number;
  denied: readonly number[];
}

// Numbers that every architecture shares: pidfd_getfd, io_uring, the new mount calls, clone3 apart.
const SHARED = [425, 426, 427, 428, 429, 430, 431, 432, 433, 438, 442, 443, 447];

/**
 * What a candidate has no business with: mounts, namespaces, tracing and memory of others, kernel keys, modules, BPF, clocks,
 * io_uring, userfaultfd, file handles. From the headers asm/unistd_64.h and asm-generic/unistd.h, in the same order.
 */
const MACHINES: Partial<Record<string, Machine>> = {
  x64: {
    audit: 0xc000003e,
    x32: true,
    clone: 56,
    ioctl: 16,
    socket: 41,
    personality: 135,
    denied: [
      101, 103, 153, 155, 159, 161, 163, 164, 165, 166, 167, 168, 169, 170, 171, 175, 176, 179, 180, 212, 227,
      246, 248, 249, 250, 256, 272, 279, 298, 300, 304, 305, 308, 310, 311, 312, 313, 320, 321, 323,
      // Only here: ustat, sysfs, modify_ldt, _sysctl, iopl, ioperm and three module calls of old.
      136, 139, 154, 156, 172, 173, 174, 177, 178,
    ],
  },
  arm64: {
    audit: 0xc00000b7,
    x32: false,
    clone: 220,
    ioctl: 29,
    socket: 198,
    personality: 92,
    denied: [
      117, 116, 58, 41, 171, 51, 89, 170, 40, 39, 224, 225, 142, 161, 162, 105, 106, 60, 42, 18, 112, 104,
      217, 218, 219, 238, 97, 239, 241, 262, 265, 266, 268, 270, 271, 272, 273, 294, 280, 282,
    ],
  },
};

const CLONE3 = 435;
const CLONE_NEW = 0x7e020000;
const TERMINAL_INPUT = [0x5412, 0x541c]; // TIOCSTI, TIOCLINUX: type into the terminal of another
const SOCKET_FAMILIES = [1, 2, 10, 16]; // unix, inet, inet6, netlink; vsock would reach the host of a virtual machine
const PERSONALITIES = [0, 8, 0x20000, 0x20008, 0x40000, 0xffffffff];

const ALLOW = 0x7fff0000;
const KILL = 0x80000000;
const EPERM = 0x50001;
const ENOSYS = 0x50026;
const EAFNOSUPPORT = 0x50061;
const [LOAD, IF_EQUAL, IF_AT_LEAST, IF_BITS, RETURN] = [0x20, 0x15, 0x35, 0x45, 0x06];
const [NUMBER, ARCHITECTURE, FIRST_ARGUMENT, SECOND_ARGUMENT] = [0, 4, 16, 24];

type Instruction = [code: number, value: number, skipIfTrue?: number, skipIfFalse?: number];

/** The seccomp filter of every command in a box, as hex of its BPF program; null: not known for this architecture. */
export function seccompFilter(architecture: string): string | null {
  const machine = MACHINES[architecture];
  if (!machine) return null;
  return Buffer.concat(program(machine).map(encode)).toString('hex');
}

function program(machine: Machine): Instruction[] {
  return [
    [LOAD, ARCHITECTURE],
    [IF_EQUAL, machine.audit, 1, 0],
    [RETURN, KILL],
    [LOAD, NUMBER],
    ...(machine.x32
      ? ([
          [IF_AT_LEAST, 0x40000000, 0, 1],
          [RETURN, ENOSYS],
        ] satisfies Instruction[])
      : []),
    ...on(CLONE3, [[RETURN, ENOSYS]]),
    ...[...machine.denied, ...SHARED].flatMap((number) => on(number, [[RETURN, EPERM]])),
    ...on(machine.clone, [
      [LOAD, FIRST_ARGUMENT],
      [IF_BITS, CLONE_NEW, 0, 1],
      [RETURN, EPERM],
      [RETURN, ALLOW],
    ]),
    ...on(machine.ioctl, oneOf(SECOND_ARGUMENT, TERMINAL_INPUT, EPERM, ALLOW)),
    ...on(machine.socket, oneOf(FIRST_ARGUMENT, SOCKET_FAMILIES, ALLOW, EAFNOSUPPORT)),
    ...on(machine.personality, oneOf(FIRST_ARGUMENT, PERSONALITIES, ALLOW, EPERM)),
    [RETURN, ALLOW],
  ];
}

function on(number: number, then: Instruction[]): Instruction[] {
  return [[IF_EQUAL, number, 0, then.length], ...then];
}

function oneOf(
  argument: number,
  values: readonly number[],
  verdict: number,
  otherwise: number,
): Instruction[] {
  const tests = values.flatMap((value): Instruction[] => [
    [IF_EQUAL, value, 0, 1],
    [RETURN, verdict],
  ]);
  return [[LOAD, argument], ...tests, [RETURN, otherwise]];
}

function encode([code, value, skipIfTrue = 0, skipIfFalse = 0]: Instruction): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt16LE(code, 0);
  bytes.writeUInt8(skipIfTrue, 2);
  bytes.writeUInt8(skipIfFalse, 3);
  bytes.writeUInt32LE(value, 4);
  return bytes;
}
