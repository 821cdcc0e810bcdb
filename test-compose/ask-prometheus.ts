import { z } from 'zod';

const Answer = z.object({
  data: z.object({
    result: z.array(
      z.object({ metric: z.record(z.string(), z.string()), value: z.tuple([z.number(), z.string()]) }),
    ),
  }),
});

/** What Prometheus answers to a query, by the value of one label. */
export async function askPrometheus(
  port: number,
  query: string,
  label: string,
): Promise<Record<string, number>> {
  const reply = await fetch(`http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(query)}`);
  const { result } = Answer.parse(await reply.json()).data;
  return Object.fromEntries(result.map(({ metric, value }) => [metric[label] ?? '', Number(value[1])]));
}
