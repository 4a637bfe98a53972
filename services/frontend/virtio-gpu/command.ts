// A command as its handler sees it, and what a handler may decide. A handler decides without waiting: it looks at the device's tables, and
// either answers, or says what has to happen first.
import type { Header } from '../../lib/wire/virtio-gpu.ts';
import type { Operation, Result } from '../operation.ts';
import type { Resource } from '../state/resource.ts';
import type { Answer } from './answers.ts';
import { INVALID_RESOURCE_ID } from './answers.ts';
import type { Contexts } from './contexts.ts';
import type { Resources } from './resources.ts';

/** The tables of one device generation. */
export type DeviceState = {
  readonly contexts: Contexts;
  readonly resources: Resources;
  readonly windowUse: WindowUse;
  /** How many scanouts there are: ids from 0. No display is ever connected to one. */
  readonly scanouts: number;
};

/** What the guest's driver does with the window: blobs that it made to be mapped, and its wishes to map one. Counted, not kept for a successor. */
export type WindowUse = { created: number; mapsAsked: number };

export type Command = {
  readonly header: Header;
  /** The whole command, header included: at least the fixed part of its struct, and a copy that the guest cannot change. */
  readonly view: DataView;
  /** Bytes that the guest sent: more than the view has when there were more than this device takes. */
  readonly length: number;
};

/**
 * What becomes of a command:
 *
 *   answer   it is done, with effect
 *   later    it is done when all commands before it are: it asks for a resource whose fate is not known yet, but nothing behind it
 *            depends on its own outcome
 *   broker   it is decided by who decides for the VM: this process, or the broker, which is asked; `finish` brings the tables up to date and gives the answer
 *   wait     it cannot be decided before the commands in front of it are answered: it is asked again then
 */
export type Plan =
  | { readonly kind: 'answer'; readonly answer: Answer }
  | { readonly kind: 'later'; finish(): Answer }
  | { readonly kind: 'broker'; readonly operation: Operation; finish(result: Result): Answer }
  | { readonly kind: 'wait' };

export type Handler = (command: Command, state: DeviceState) => Plan;

export const WAIT: Plan = { kind: 'wait' };

export function answered(answer: Answer): Plan {
  return { kind: 'answer', answer };
}

/** A command about one resource that changes nothing for other commands: now if the resource is settled, otherwise later. */
export function aboutResource(
  { resources }: DeviceState,
  id: number,
  decide: (resource: Resource) => Answer,
): Plan {
  const finish = (): Answer => {
    const resource = resources.get(id);
    return resource ? decide(resource) : INVALID_RESOURCE_ID;
  };
  return resources.isUnsettled(id) ? { kind: 'later', finish } : answered(finish());
}
