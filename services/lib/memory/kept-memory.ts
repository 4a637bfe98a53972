// What memory needs of whoever owns its descriptors: a store that outlives the process, and somebody who counts.
//
//   w.VM             the window of a VM
//   s.VM.RESOURCE    bytes of a blob that had to leave its place in the window
//
// Names are short because a successor gets all of them in one string of its environment.
import { fstatSync } from 'node:fs';

export interface DescriptorStore {
  /** True when what is put survives the process. */
  readonly active: boolean;
  /** Puts a borrowed descriptor. False when the store can take no more; then memory must not be handed out on the strength of it. */
  put(name: string, fd: number): boolean;
  remove(name: string): void;
}

/** For a process without a holder. */
export const NO_STORE: DescriptorStore = { active: false, put: () => true, remove: () => undefined };

/** How many descriptors memory may take, where others need some as well. */
export interface DescriptorCount {
  /** Takes one; false when none is left. */
  take(): boolean;
  /** Gives back what one take() took. */
  give(): void;
}

export function windowName(vm: string): string {
  return `w.${vm}`;
}

export function stashName(vm: string, resource: number): string {
  return `s.${vm}.${resource}`;
}

export function inodeOf(fd: number): number {
  return fstatSync(fd).ino;
}
