import { CATALOGUE as M } from '../../../src/metrics/catalogue.ts';
import type { Row } from '../lay-out.ts';
import { level, ofProcesses, PROCESS } from '../promql.ts';

const LEGEND = '{{process}} {{instance}}';
const byDisk = { by: ['instance', 'folder'] } as const;

/** Which processes there are. */
export const WHAT_RUNS: Row = {
  title: 'Processes',
  panels: [
    {
      as: 'stat',
      title: 'Evaluators alive',
      what: 'By their heartbeat, whether they are scraped or not.',
      good: 'as many as you started.',
      ifNot: 'one was lost: its work has been handed back; start another.',
      unit: 'short',
      width: 6,
      shows: { '{{provider}}': level(M.evaluators, { by: ['provider'] }) },
      colors: [
        [null, 'orange'],
        [1, 'green'],
      ],
    },
    {
      as: 'table',
      title: 'What runs',
      good: 'one version, and every process that you started.',
      ifNot: 'one that is missing is not scraped: see the targets page of Prometheus.',
      unit: 'short',
      width: 18,
      shows: {
        'up for': ofProcesses(`(time() - ${PROCESS.started})`),
        cpu: ofProcesses(`rate(${PROCESS.cpu}[$__rate_interval])`),
        memory: ofProcesses(PROCESS.memory),
      },
      units: { 'up for': 's', cpu: 'percentunit', memory: 'bytes' },
    },
  ],
};

/** What each takes of its machine. */
export const WHAT_IT_TAKES: Row = {
  title: 'What the processes take',
  panels: [
    {
      as: 'lines',
      title: 'Cpu',
      what: 'Of one core. A process of Node uses little more than one.',
      good: 'below 70 %.',
      ifNot: 'evaluators at 100 %: start more of them.',
      unit: 'percentunit',
      width: 8,
      shows: { [LEGEND]: ofProcesses(`rate(${PROCESS.cpu}[$__rate_interval])`) },
    },
    {
      as: 'lines',
      title: 'Memory',
      good: 'level after the first minutes.',
      ifNot: 'it climbs all night: please report it, with this panel.',
      unit: 'bytes',
      width: 8,
      shows: { [LEGEND]: ofProcesses(PROCESS.memory), [`${LEGEND} heap`]: ofProcesses(PROCESS.heap) },
    },
    {
      as: 'lines',
      title: 'Lag of the event loop, p99',
      good: 'below 100 ms.',
      ifNot: 'the process has too much to do: start more evaluators, or give it a core.',
      unit: 's',
      width: 8,
      shows: { [LEGEND]: ofProcesses(PROCESS.loopLag) },
    },
    {
      as: 'lines',
      title: 'Open files',
      what: 'Of those that the process may open.',
      good: 'below 50 %.',
      ifNot: 'raise the limit (`ulimit -n`, LimitNOFILE) or use fewer slots for each process.',
      unit: 'percentunit',
      width: 8,
      shows: { [LEGEND]: ofProcesses(`${PROCESS.openFiles} / ${PROCESS.maxFiles}`) },
    },
    {
      as: 'lines',
      title: 'Time in garbage collection',
      good: 'below 5 %.',
      ifNot: 'the heap is nearly full: see the memory beside.',
      unit: 'percentunit',
      width: 8,
      shows: { [LEGEND]: ofProcesses(`sum by (job, instance) (rate(${PROCESS.gc}[$__rate_interval]))`) },
    },
    {
      as: 'lines',
      title: 'Disks',
      what: 'Free of each disk with logs and artifacts, or with mirrors of repos.',
      good: 'above 20 %.',
      ifNot: '`evalpool prune` removes old logs; below 4 MB the evaluator takes nothing new.',
      unit: 'percentunit',
      width: 8,
      shows: { '{{instance}} {{folder}}': `${level(M.diskFree, byDisk)} / ${level(M.diskSize, byDisk)}` },
    },
  ],
};
