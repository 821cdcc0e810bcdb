import { z } from 'zod';
import { explainShape } from './explain-shape.ts';
import { Refusal } from './refusal.ts';

// NUL ends a string in the kernel: an argument that holds one is not what its author meant.
const argument = z.string().refine((text) => !text.includes('\0'), 'text without NUL');
const envName = argument.refine((text) => text !== '' && !text.includes('='), 'a variable name');

/** Environment variables. */
export const Variables = z.record(envName, argument);

// The kernel keeps each in 16 bits; 0 is what a terminal has that nobody gave a size.
const characters = z.int().min(0).max(65_535).default(0);
const Terminal = z.object({ size: z.object({ cols: characters, rows: characters }).prefault({}) });

const Selector = z.object({ pid: z.int().nonnegative().optional(), tag: z.string().optional() });
export type Selector = z.output<typeof Selector>;

/** process.StartRequest. */
export const StartRequest = z.object({
  process: z.object({
    cmd: argument.min(1),
    args: z.array(argument).nullish(),
    envs: Variables.nullish(),
    cwd: argument.nullish(),
  }),
  pty: Terminal.nullish(),
  tag: z.string().max(1000).nullish(),
  stdin: z.boolean().nullish(),
});

const Input = z.object({ stdin: z.base64().optional(), pty: z.base64().optional() });
export type Input = z.output<typeof Input>;

/** Every other message of process.Process that names a process. */
export const ProcessRequest = z.object({
  process: Selector,
  input: Input.optional(),
  pty: Terminal.nullish(),
  signal: z.union([z.string(), z.int()]).optional(),
});

/** process.StreamInputRequest: which process, then what it is given; or a sign of life. */
export const StreamInputRequest = z.object({
  start: z.object({ process: Selector }).optional(),
  data: z.object({ input: Input.optional() }).optional(),
  keepalive: z.object({}).optional(),
});

/** Every message of filesystem.Filesystem: unset fields are left out on the wire. */
export const PathRequest = z.object({
  path: z.string().default(''),
  source: z.string().default(''),
  destination: z.string().default(''),
  depth: z.int().nonnegative().default(0),
});

/** Every message of filesystem.Filesystem about watching. */
export const WatchRequest = z.object({
  path: z.string().default(''),
  recursive: z.boolean().default(false),
  includeEntry: z.boolean().default(false),
  watcherId: z.string().default(''),
});

/** The value in its shape. Throws 400 that names field, what was expected and what was there. */
export function parseAs<T>(shape: z.ZodType<T>, value: unknown): T {
  const parsed = shape.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new Refusal(400, explainShape(parsed.error, value));
}

/** JSON out of a body; nothing at all is an empty message. Throws 400. */
export function parseJson(body: Buffer): unknown {
  if (body.length === 0) return {};
  try {
    return JSON.parse(body.toString());
  } catch {
    throw new Refusal(400, 'the body is not JSON');
  }
}
