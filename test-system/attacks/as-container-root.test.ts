import { tryAttacks } from '../../test/sandbox-server/attacks/run-attacks.ts';
import { AS_CONTAINER_ROOT } from '../../test/sandbox-server/attacks/start-modes.ts';

tryAttacks(AS_CONTAINER_ROOT);
