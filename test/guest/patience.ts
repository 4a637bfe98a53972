// How long the guest's checks wait. Their limits were found on two idle cores; a machine may be four times slower, with both cores busy. A limit
// ends what hangs and says nothing about speed, so it is multiplied: nobody waits for it where nothing is wrong.

const PATIENCE = 5;

/** What takes up to `milliseconds` on two idle cores is given this long, milliseconds. */
export function patient(milliseconds: number): number {
  return PATIENCE * milliseconds;
}
