import { CATALOGUE as M } from '../../../src/metrics/catalogue.ts';
import { choice, type Plan } from '../lay-out.ts';
import { CHOSEN_STAGES, WHERE_TIME_GOES } from './stages-time.ts';
import { WAITS, WHOLE } from './stages-waits.ts';

/** Which stage takes how long, by template and by how it ended; and how long things wait before their first stage. */
export const STAGES: Plan = {
  name: 'stages',
  title: 'evalpool: stages',
  about:
    'Where the time of an evaluation goes: stage by stage, by template and outcome, and the waits before.',
  variables: [choice(M.stageSeconds, 'stage'), choice(M.stageSeconds, 'template')],
  rows: [WHERE_TIME_GOES, CHOSEN_STAGES, WAITS, WHOLE],
};
