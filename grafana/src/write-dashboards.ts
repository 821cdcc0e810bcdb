// npm run dashboards: writes grafana/dashboards/*.json.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeDashboards } from './make-dashboards.ts';

const FOLDER = join(import.meta.dirname, '..', 'dashboards');

mkdirSync(FOLDER, { recursive: true });
for (const [file, text] of Object.entries(makeDashboards())) writeFileSync(join(FOLDER, file), text);
