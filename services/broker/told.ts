// What a frontend that decides has told, in one version of its accounts: as the wire, the journal and the domain all need it.
import type { CounterChanges } from '../lib/domain/counters.ts';
import type { Accounts } from '../lib/domain/follow.ts';
import type { Vm } from '../lib/domain/vm.ts';

export type Told = Omit<Accounts, 'counters'> & {
  readonly version: number;
  /** Only those that are other than they were, or were told again. */
  readonly counts: CounterChanges;
};

/** What is to be entered into the books of `vm`. */
export function accountsIn({ version: _, counts, ...accounts }: Told, vm: Vm): Accounts {
  return { ...accounts, counters: vm.counters.changed(counts) };
}
