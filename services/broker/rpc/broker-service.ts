// BrokerService: the Session stream, and the unary way in for callers that need no stream.
import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import type { Command, OkReply } from '../../lib/domain/command.ts';
import type { barkeep } from '../../lib/rpc/gen/barkeep.js';
import { StatusError } from '../../lib/rpc/status-error.ts';
import { fromWire } from '../../lib/rpc/u64.ts';
import type { Peer } from '../../lib/rpc/unix-server.ts';
import type { VmDirectory, VmOwner } from '../vm-directory.ts';
import {
  decodeCreate,
  decodeDestroy,
  decodeMap,
  decodeUnmap,
  encodeMapped,
  refusalError,
} from './command-codec.ts';
import { Session, type SessionServices } from './session.ts';

type V1 = typeof barkeep.v1;
type Message<Name extends keyof V1> = V1[Name] extends abstract new (
  ...args: never
) => infer Instance
  ? Instance
  : never;

type AnswerTo<Asked extends Command> = Extract<OkReply, { kind: Asked['kind'] }>;

/**
 * Unary calls have no field to acknowledge with. A caller that sends command n has the answers to all but the last few before it: so many
 * it may have under way at one time and still repeat.
 */
const UNARY_REMEMBERED = 64;

export type BrokerServices = SessionServices & {
  /** False when the connection has ended. */
  readonly isConnected: (peer: Peer) => boolean;
};

export function brokerService(services: BrokerServices): UntypedServiceImplementation {
  const { directory, handles, handlers } = services;
  const run = <Asked extends Command>(vm: string, peer: Peer, command: Asked): Promise<AnswerTo<Asked>> =>
    runOne(services, vm, peer, command);

  return {
    session: handlers.bidi<Message<'SessionRequest'>, barkeep.v1.SessionResponse.$Properties>(
      (call, peer) => void new Session(call, peer, services),
    ),

    attachVm: handlers.unary<Message<'AttachVmRequest'>, barkeep.v1.AttachVmResponse.$Properties>(
      async (request, peer) => {
        const owner: VmOwner = { peer, dismiss: () => undefined };
        const attachment = await directory.attach(request, owner);
        if (!services.isConnected(peer)) directory.orphan(attachment.entry, owner);
        return { attached: handles.attached(attachment, peer) };
      },
    ),

    detachVm: handlers.unary<Message<'DetachVmRequest'>, barkeep.v1.DetachVmResponse.$Properties>(
      async ({ vm }, peer) => {
        directory.attachedBy(vm, peer);
        const entry = directory.entry(vm);
        if (entry.owner !== null) await directory.detach(entry, entry.owner);
        return {};
      },
    ),

    createBlob: handlers.unary<Message<'CreateBlobRequest'>, barkeep.v1.CreateBlobResponse.$Properties>(
      async ({ vm, number, create }, peer) => {
        await run(vm, peer, decodeCreate(fromWire(number), present(create, 'create')));
        return {};
      },
    ),

    mapBlob: handlers.unary<Message<'MapBlobRequest'>, barkeep.v1.MapBlobResponse.$Properties>(
      async ({ vm, number, map }, peer) => {
        const reply = await run(vm, peer, decodeMap(fromWire(number), present(map, 'map')));
        const mapped = encodeMapped(reply, (allocation, size) =>
          handles.ofAllocation(vm, peer, allocation, size),
        );
        return { mapped };
      },
    ),

    unmapBlob: handlers.unary<Message<'UnmapBlobRequest'>, barkeep.v1.UnmapBlobResponse.$Properties>(
      async ({ vm, number, unmap }, peer) => {
        const reply = await run(vm, peer, decodeUnmap(fromWire(number), present(unmap, 'unmap')));
        return { wasMapped: reply.wasMapped };
      },
    ),

    destroyBlob: handlers.unary<Message<'DestroyBlobRequest'>, barkeep.v1.DestroyBlobResponse.$Properties>(
      async ({ vm, number, destroy }, peer) => {
        const reply = await run(vm, peer, decodeDestroy(fromWire(number), present(destroy, 'destroy')));
        return { wasMapped: reply.wasMapped };
      },
    ),

    resetVm: handlers.unary<Message<'ResetVmRequest'>, barkeep.v1.ResetVmResponse.$Properties>(
      async ({ vm, number }, peer) => {
        const reply = await run(vm, peer, { kind: 'reset', number: fromWire(number) });
        return { generation: reply.generation };
      },
    ),
  };
}

/** A connection has ended: the VMs that it had are kept for the grace. */
export function connectionEnded(directory: VmDirectory, peer: Peer): void {
  for (const entry of directory.entries.values()) {
    if (entry.owner?.peer.name === peer.name) directory.orphan(entry, entry.owner);
  }
}

/** One command of a unary call. Rejects with the refusal as a StatusError. */
async function runOne<Asked extends Command>(
  { directory, runner }: BrokerServices,
  name: string,
  peer: Peer,
  command: Asked,
): Promise<AnswerTo<Asked>> {
  const attached = directory.attachedBy(name, peer);
  attached.checkDecidedHere();
  const { vm } = attached;
  // What is asked for again acknowledges nothing: a session on the same connection may have more under way.
  if (typeof command.number === 'number' && command.number > vm.lastNumber) {
    const used = Math.min(command.number - UNARY_REMEMBERED, vm.lastNumber);
    if (used > vm.acknowledgedNumber) vm.acknowledge(used);
  }
  const [reply] = await runner.run(directory.entry(name), attached, [command]);
  if (reply === undefined) throw new Error('a batch of one command was given no answer');
  if (reply.result === 'refused') throw refusalError(reply);
  if (reply.kind !== command.kind) {
    // A remembered answer of that number, to something else.
    throw new StatusError(
      'PROTOCOL',
      `command ${command.number} was sent again as ${command.kind}, but it was ${reply.kind}; repeat a command as it was`,
    );
  }
  return reply as AnswerTo<Asked>;
}

function present<Value>(value: Value | null | undefined, name: string): Value {
  if (value !== null && value !== undefined) return value;
  throw new StatusError('PROTOCOL', `the field ${name} is missing, and has to say what is asked`);
}
