import { z } from 'zod';
import type { Content } from '../../../spec.ts';
import { readRequests } from './code-requests.ts';
import type { ReadFormat } from '../format-input.ts';

const milliseconds = z.number().positive();

const File = z
  .object({
    name: z.string().min(1).optional(),
    content: z.string(),
    encoding: z.enum(['utf8', 'base64', 'hex']).default('utf8'),
  })
  .transform(({ name, content, encoding }) => ({ name, content: contentOf(content, encoding) }));

/** The body of Piston's `execute`, with an `id` if one likes; the first file is the program. */
const Request = z
  .object({
    id: z.union([z.string().min(1), z.int().transform(String)]).optional(),
    language: z.string(),
    files: z.tuple([File], File),
    stdin: z.string().default(''),
    args: z.array(z.string()).default([]),
    compile_timeout: milliseconds.default(10_000),
    run_timeout: milliseconds.default(3_000),
  })
  .transform(({ files: [main, ...others], compile_timeout: buildMs, run_timeout: runMs, ...request }) => ({
    ...request,
    id: request.id,
    main,
    files: Object.fromEntries(others.map(({ name, content }, at) => [name ?? `file${at + 1}.code`, content])),
    buildTimeoutS: buildMs / 1000,
    runTimeoutS: runMs / 1000,
  }));

/** Piston's requests to execute code. */
export const readPiston: ReadFormat = (from) => readRequests('piston', Request, from);

function contentOf(content: string, encoding: 'utf8' | 'base64' | 'hex'): Content {
  if (encoding === 'utf8') return content;
  return { base64: encoding === 'hex' ? Buffer.from(content, 'hex').toString('base64') : content };
}
