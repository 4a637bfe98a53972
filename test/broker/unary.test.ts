import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { barkeep } from '../../services/lib/rpc/gen/barkeep.js';
import { countFromWire } from '../../services/lib/rpc/u64.ts';
import { create, DEFAULT_CONFIG, map, PAGE, results, TestBroker, type Unary } from './harness.ts';

const { VmState } = barkeep.v1;
let broker: TestBroker;
let client: Unary;
beforeEach(async () => {
  broker = await TestBroker.start(`orphan_grace: 10s\n${DEFAULT_CONFIG}`);
  client = broker.brokerClient();
});
afterEach(() => broker.end());

type AttachResponse = barkeep.v1.AttachVmResponse;
const attach = (vm: string, to = client, session: Uint8Array | null = null) =>
  to.call<AttachResponse>('attachVm', { vm, secret: broker.secret(vm), session });
const createRequest = (vm: string, number: number, resourceId: number) => ({
  vm,
  number,
  create: { contextId: 1, resourceId, memory: 2, flags: 1, size: PAGE },
});

describe('unary calls', () => {
  it('do one blob from its creation to its end', async () => {
    const { attached } = await attach('own');
    expect(attached?.placement).toBe(barkeep.v1.Placement.PLACEMENT_PER_BLOB);
    await client.call('createBlob', createRequest('own', 1, 5));
    const { mapped } = await client.call<barkeep.v1.MapBlobResponse>('mapBlob', {
      vm: 'own',
      number: 2,
      map: { resourceId: 5, offset: 0 },
    });
    const memory = await broker.mapMemory(mapped?.memory);
    memory.bytes(0, 1)[0] = 1;
    memory.close();
    const unmapped = await client.call('unmapBlob', { vm: 'own', number: 3, unmap: { resourceId: 5 } });
    const again = await client.call('unmapBlob', { vm: 'own', number: 4, unmap: { resourceId: 5 } });
    expect([unmapped, again]).toMatchObject([{ wasMapped: true }, { wasMapped: false }]);
    await client.call('destroyBlob', { vm: 'own', number: 5, destroy: { resourceId: 5 } });
    const { generation } = await client.call<barkeep.v1.ResetVmResponse>('resetVm', { vm: 'own', number: 6 });
    expect(countFromWire(generation)).toBe(2);
    await client.call('detachVm', { vm: 'own' });
    expect((await broker.vm('own')).state).toBe(VmState.VM_STATE_DETACHED);
  });

  it('are refused with the reason, its code, and the figures', async () => {
    await attach('web');
    const error = await client.refusal('mapBlob', {
      vm: 'web',
      number: 1,
      map: { resourceId: 9, offset: 0 },
    });
    expect(error).toMatchObject({ code: 5, reason: 'RESOURCE_UNKNOWN', data: { resource: '9' } });
    const gap = await client.refusal('mapBlob', { vm: 'web', number: 7, map: { resourceId: 9, offset: 0 } });
    expect(gap).toMatchObject({ code: 9, reason: 'NUMBER_GAP', data: { last: '1', number: '7' } });
  });

  it('act only for a VM that their own connection has attached', async () => {
    await attach('web');
    const stranger = broker.brokerClient();
    const errors = await Promise.all([
      client.refusal('createBlob', createRequest('other', 1, 1)),
      stranger.refusal('createBlob', createRequest('web', 1, 1)),
      stranger.refusal('detachVm', { vm: 'web' }),
      client.refusal('createBlob', createRequest('nobody', 1, 1)),
      client.refusal('attachVm', { vm: 'other', secret: broker.secret('web') }),
      stranger.refusal('attachVm', { vm: 'web', secret: broker.secret('web') }),
    ]);
    expect(errors.map(({ reason }) => reason)).toEqual([
      'VM_NOT_ATTACHED',
      'VM_NOT_ATTACHED',
      'VM_NOT_ATTACHED',
      'VM_UNKNOWN',
      'VM_FORBIDDEN',
      'VM_ATTACHED',
    ]);
  });

  it('act for several VMs on one connection, and beside a stream', async () => {
    await attach('web');
    await attach('other');
    await client.call('createBlob', createRequest('web', 1, 1));
    await client.call('createBlob', createRequest('other', 1, 1));
    expect(countFromWire((await broker.vm('other')).allocations)).toBe(1);
  });

  it('repeat an answer, but only to the same question', async () => {
    await attach('web');
    await client.call('createBlob', createRequest('web', 1, 1));
    await client.call('createBlob', createRequest('web', 1, 1));
    const request = { vm: 'web', number: 1, destroy: { resourceId: 1 } };
    expect((await client.refusal('destroyBlob', request)).reason).toBe('PROTOCOL');
    expect(countFromWire((await broker.vm('web')).allocations)).toBe(1);
  });

  it('need no acknowledgement, however many there are', async () => {
    await attach('web');
    for (let first = 1; first <= 4300; first += 100) {
      await Promise.all(
        Array.from({ length: 100 }, (_, index) =>
          client
            .call('unmapBlob', { vm: 'web', number: first + index, unmap: { resourceId: 1 } })
            .catch(() => null),
        ),
      );
    }
    await client.call('createBlob', createRequest('web', 4301, 1));
    expect((await client.refusal('createBlob', createRequest('web', 5, 1))).reason).toBe('NUMBER_FORGOTTEN');
  });

  it('say when the field that asks is missing', async () => {
    await attach('web');
    const methods = ['createBlob', 'mapBlob', 'unmapBlob', 'destroyBlob'];
    const errors = await Promise.all(
      methods.map((method) => client.refusal(method, { vm: 'web', number: 1 })),
    );
    expect(errors.map(({ reason }) => reason)).toEqual(Array(4).fill('PROTOCOL'));
  });

  it('lose their VM with their connection, and find it again', async () => {
    const { attached } = await attach('web');
    await client.call('createBlob', createRequest('web', 1, 1));
    client.close();
    await broker.waitForState('web', VmState.VM_STATE_ORPHANED);
    const next = broker.brokerClient();
    const again = await attach('web', next, attached?.session ?? null);
    expect([again.attached?.resumed, countFromWire(again.attached?.lastNumber)]).toEqual([true, 1]);
    await next.call('mapBlob', { vm: 'web', number: 2, map: { resourceId: 1, offset: 0 } });
  });

  it('may follow a stream on the same connection, and end it', async () => {
    const session = await broker.attach('web');
    expect(results(await session.run(create(1, PAGE), map(1, 0)))).toEqual(['ok', 'ok']);
    const refusal = await client.refusal('unmapBlob', { vm: 'web', number: 3, unmap: { resourceId: 1 } });
    expect(refusal.reason).toBe('VM_NOT_ATTACHED');
  });
});
