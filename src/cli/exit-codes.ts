/** What the commands end with. */
export const EXIT = {
  done: 0,
  /** Completion below what was asked, or evalpool itself failed. */
  incomplete: 1,
  /** Bad usage or input, or a machine that lacks something. */
  usage: 2,
  belowRate: 3,
  /** `compare`: B passes significantly less than A. */
  worse: 4,
  /** `run --gold`: some tasks' own solution does not pass. */
  invalidTasks: 5,
  interrupted: 130,
} as const;

/** For --help. */
export const EXIT_HELP = `Exit codes: 0 completion as asked, 1 below it, 2 bad usage or input, 3 below --fail-under, 5 --gold found invalid tasks,
130 interrupted.`;
