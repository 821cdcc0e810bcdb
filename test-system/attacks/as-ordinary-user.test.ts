import { tryAttacks } from '../../test/sandbox-server/attacks/run-attacks.ts';
import { AS_NOBODY } from '../../test/sandbox-server/attacks/start-modes.ts';

tryAttacks(AS_NOBODY);
