/** Numbers of one architecture's kernel interface, as far as the filter of a box needs them. */
export interface MachineCalls {
  /** AUDIT_ARCH of the interface. */
  audit: number;
  clone: number;
  ioctl: number;
  socket: number;
  socketpair: number;
  personality: number;
  mmap: number;
  memfdCreate: number;
  shmget: number;
  semget: number;
  msgget: number;
  setrlimit: number;
  prlimit64: number;
  ioSetup: number;
  sync: number;
  syncfs: number;
  /** Refused whatever their arguments. */
  denied: readonly number[];
}

// Numbers that every architecture shares: pidfd_getfd, io_uring, the new mount calls, memfd_secret. clone3 apart.
const SHARED = [425, 426, 427, 428, 429, 430, 431, 432, 433, 438, 442, 443, 447];

/**
 * Denied is what a candidate has no business with: mounts, namespaces, tracing and memory of others, kernel keys, modules, BPF,
 * clocks, io_uring, userfaultfd, file handles. From the headers asm/unistd_64.h and asm-generic/unistd.h, in the same order.
 */
export const MACHINE_CALLS: Partial<Record<string, MachineCalls>> = {
  x64: {
    audit: 0xc000003e,
    clone: 56,
    ioctl: 16,
    socket: 41,
    socketpair: 53,
    personality: 135,
    mmap: 9,
    memfdCreate: 319,
    shmget: 29,
    semget: 64,
    msgget: 68,
    setrlimit: 160,
    prlimit64: 302,
    ioSetup: 206,
    sync: 162,
    syncfs: 306,
    denied: [
      101,
      103,
      153,
      155,
      159,
      161,
      163,
      164,
      165,
      166,
      167,
      168,
      169,
      170,
      171,
      175,
      176,
      179,
      180,
      212,
      227,
      246,
      248,
      249,
      250,
      256,
      272,
      279,
      298,
      300,
      304,
      305,
      308,
      310,
      311,
      312,
      313,
      320,
      321,
      323,
      // Only here: uselib, ustat, sysfs, modify_ldt, _sysctl, iopl, ioperm and three module calls of old.
      134,
      136,
      139,
      154,
      156,
      172,
      173,
      174,
      177,
      178,
      ...SHARED,
    ],
  },
  arm64: {
    audit: 0xc00000b7,
    clone: 220,
    ioctl: 29,
    socket: 198,
    socketpair: 199,
    personality: 92,
    mmap: 222,
    memfdCreate: 279,
    shmget: 194,
    semget: 190,
    msgget: 186,
    setrlimit: 164,
    prlimit64: 261,
    ioSetup: 0,
    sync: 81,
    syncfs: 267,
    denied: [
      117,
      116,
      58,
      41,
      171,
      51,
      89,
      170,
      40,
      39,
      224,
      225,
      142,
      161,
      162,
      105,
      106,
      60,
      42,
      18,
      112,
      104,
      217,
      218,
      219,
      238,
      97,
      239,
      241,
      262,
      265,
      266,
      268,
      270,
      271,
      272,
      273,
      294,
      280,
      282,
      ...SHARED,
    ],
  },
};

export const CLONE3 = 435;
/** The first call that came after this list was made: nobody has judged it, and programs know kernels without it. */
export const FIRST_UNKNOWN = 451;
