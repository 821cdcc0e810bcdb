import { sql } from 'kysely';
import type { Database } from '../../src/database/connect.ts';
import { latencyLines } from '../server/latency.ts';

// Our own time of an evaluation: from the grant of its slot to the write of its result, less the simulated seconds of its
// command. So it holds claim, create, start and end of the command, log, collect, destroy and the sandbox server's own share
// of these, but neither the wait for a slot nor the commit of the result itself. Simulated seconds are read off the spec.

interface Row {
  /** From grant to result. */
  wholeMs: number;
  simulatedMs: number;
  /** Seconds by stage. */
  stages: Record<string, number>;
}

/** Lines on the own time of a batch's evaluations that ended in their first attempt, and on the stages that it went into. */
export async function ownTimeLines(database: Database, batchId: string): Promise<string[]> {
  const { rows } = await sql<Row>`
    select extract(epoch from r.finished_at - s.granted_at)::float8 * 1000 as "wholeMs",
      substring(e.spec->>'test' from '^sim ([0-9.]+)')::float8 * 1000 as "simulatedMs",
      (select jsonb_object_agg(t->>'stage', t->'seconds') from jsonb_array_elements(r.result->'stages') as t) as stages
    from results r join evaluations e on e.id = r.evaluation_id
      join sandboxes s on s.evaluation_id = r.evaluation_id and s.attempt = r.attempt
    where r.batch_id = ${batchId} and r.attempt = 1`.execute(database);
  const sorted = (read: (row: Row) => number): number[] => rows.map(read).toSorted((a, b) => a - b);
  const stage = (name: string) => (row: Row) => (row.stages[name] ?? 0) * 1000;
  const staged = ({ stages }: Row): number =>
    Object.entries(stages).reduce((sum, [name, seconds]) => sum + (name === 'queue' ? 0 : seconds * 1000), 0);
  return latencyLines({
    'own time per evaluation': sorted((row) => row.wholeMs - row.simulatedMs),
    '  of it create': sorted(stage('create')),
    '  of it test, without the simulated seconds': sorted((row) => stage('test')(row) - row.simulatedMs),
    '  of it collect': sorted(stage('collect')),
    '  of it destroy': sorted(stage('destroy')),
    '  of it around the stages: claim, result': sorted((row) => row.wholeMs - staged(row)),
  });
}
