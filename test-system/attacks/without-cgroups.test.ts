import { tryAttacks } from '../../test/sandbox-server/attacks/run-attacks.ts';
import { WITHOUT_CGROUPS } from '../../test/sandbox-server/attacks/start-modes.ts';

tryAttacks(WITHOUT_CGROUPS);
