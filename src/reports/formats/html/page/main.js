import { readEvaluations, readRun } from './data.js';
import { showOverview } from './overview.js';
import { showTable } from './table.js';

const run = readRun();
const evaluations = readEvaluations();
showOverview(run, evaluations);
showTable(run, evaluations);
