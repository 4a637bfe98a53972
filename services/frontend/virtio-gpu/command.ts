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
 *   answer      it is done, with effect
 *   operation   it is decided by who decides for the VM; `finish` brings the tables up to date and gives the answer
 */
export type Plan =
  | { readonly kind: 'answer'; readonly answer: Answer }
  | { readonly kind: 'operation'; readonly operation: Operation; finish(result: Result): Answer };

export type Handler = (command: Command, state: DeviceState) => Plan;

export function answered(answer: Answer): Plan {
  return { kind: 'answer', answer };
}

/** A command about one resource, which changes nothing for other commands. */
export function aboutResource(
  { resources }: DeviceState,
  id: number,
  decide: (resource: Resource) => Answer,
): Plan {
  const resource = resources.get(id);
  return answered(resource ? decide(resource) : INVALID_RESOURCE_ID);
}
