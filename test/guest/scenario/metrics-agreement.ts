// The numbers of a whole session: what the guest sent is what the frontend counted, what the broker did, and what Prometheus shows.

import { untilPasses } from '../../support/until.ts';
import { type Check, expectAtLeast, expectEqual } from './check.ts';
import type { Session } from './session.ts';

export const COMMAND_COUNTS: Check<Session> = {
  name: 'counts',
  what: 'commands, operations, refusals and latencies agree in number',
  run: commandCounts,
};

async function commandCounts(session: Session): Promise<string> {
  const { host, vm } = session;
  // The frontend reports every 200 ms; nothing runs now.
  const { maps, creates } = await untilPasses('the metrics agree with the guest', async () => {
    const page = await host.scrape();
    const operations = (operation: string) =>
      page.sum('barkeep_operations_total', { vm, operation, result: 'ok' });
    const commands = (command: string, answer: string) =>
      page.sum('barkeep_commands_total', { vm, command, answer });
    const maps = operations('map');
    const creates = operations('create');
    expectEqual('RESOURCE_MAP_BLOB / OK_MAP_INFO', commands('RESOURCE_MAP_BLOB', 'OK_MAP_INFO'), maps);
    expectEqual('RESOURCE_CREATE_BLOB / OK_NODATA', commands('RESOURCE_CREATE_BLOB', 'OK_NODATA'), creates);
    expectEqual(
      'RESOURCE_MAP_BLOB / ERR_OUT_OF_MEMORY, against refusals of mappings',
      commands('RESOURCE_MAP_BLOB', 'ERR_OUT_OF_MEMORY'),
      page.sum('barkeep_refusals_total', { vm, reason: 'QUOTA_MAPPINGS' }),
    );
    expectEqual(
      'RESOURCE_CREATE_BLOB / ERR_OUT_OF_MEMORY, against refusals of bytes and blobs',
      commands('RESOURCE_CREATE_BLOB', 'ERR_OUT_OF_MEMORY'),
      page.sum('barkeep_refusals_total', { vm, reason: 'QUOTA_BYTES' }) +
        page.sum('barkeep_refusals_total', { vm, reason: 'QUOTA_ALLOCATIONS' }),
    );
    expectEqual('malformed chains', page.sum('barkeep_malformed_chains_total', { vm }), 0);
    const timed = page.sum('barkeep_vm_stage_duration_seconds_count', { vm, stage: 'command' });
    const counted = page.sum('barkeep_commands_total', { vm });
    expectEqual('commands with a duration, against commands', timed, counted);
    return { maps, creates };
  });
  expectAtLeast('maps', maps, 1);
  return `${creates.toLocaleString('en')} creates, ${maps.toLocaleString('en')} maps`;
}
