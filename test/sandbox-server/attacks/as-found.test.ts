import { tryAttacks } from './run-attacks.ts';
import { AS_FOUND } from './start-modes.ts';

tryAttacks(AS_FOUND);
