import { z } from 'zod';
import { readRequests } from './code-requests.ts';
import type { ReadFormat } from '../format-input.ts';

const Id = z.union([z.string().min(1), z.int().transform(String)]).optional();
const base64 = z.base64().transform((content) => ({ base64: content }));

/** The body of SandboxFusion's `run_code`, with an `id` if one likes. */
const Request = z
  .object({
    id: Id,
    code: z.string(),
    language: z.string(),
    stdin: z.string().nullish(),
    files: z.record(z.string(), base64.nullable()).nullish(),
    compile_timeout: z.number().positive().default(10),
    run_timeout: z.number().positive().default(10),
  })
  .transform(({ id, code, language, stdin, files, ...times }) => ({
    id,
    language,
    main: { name: undefined, content: code },
    files: Object.fromEntries(
      Object.entries(files ?? {}).flatMap(([path, file]) => (file ? [[path, file]] : [])),
    ),
    stdin: stdin ?? '',
    args: [],
    buildTimeoutS: times.compile_timeout,
    runTimeoutS: times.run_timeout,
  }));

/** SandboxFusion's requests to run code. */
export const readSandboxFusion: ReadFormat = (from) => readRequests('sandboxfusion', Request, from);
