import type { Ledger } from '../ledger/ledger.ts';
import type { Admission } from './admission.ts';

/** Lets one more creation through the gate of the tier's rate, and enters that. Throws 429 in E2B's words. */
export function admitCreation({ admission, ledger }: { admission: Admission; ledger: Ledger }): void {
  admission.admit();
  ledger.accept();
}
