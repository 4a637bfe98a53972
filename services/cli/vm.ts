// barkeep vm list, barkeep vm show NAME, barkeep vm evict NAME.
import type { Command } from 'commander';
import { changesText } from '../lib/runtime/config-difference.ts';
import { formatDuration } from '../lib/runtime/units.ts';
import type { Context } from './context.ts';
import { bytesText, type JsonU64, type VmmRecord, type VmRecord, vmRecord } from './records.ts';
import { type Column, fieldLines } from './table.ts';

const HELP = `
Examples:
  barkeep vm list
  barkeep vm show web-1
  barkeep vm evict web-1                         reclaim what a vanished frontend left, or a suspended VM
  barkeep vm list --json | jq -r '.[] | select(.state == "orphaned") | .name'
  barkeep vm list --json | jq -r '.[] | select(.vmm.problems != []) | .name'

The column VMM:
  absent       no VMM is connected to the frontend (-: no frontend, or it has not told yet)
  connected    a VMM is connected; nothing is agreed on yet
  negotiated   features are agreed on; no driver in the guest has started the queues
  running      the guest's driver is at work
  stopped      its queues are stopped: the VM is paused, or the driver is gone
Behind it stands what is wrong with how the VM was started; \`vm show\` says what to change.

A VM is suspended when its frontend, which decides for it, told what cannot be: it keeps its memory, and nobody can attach it. \`vm show\` says what
was told; find out what runs as that frontend, then \`vm evict\` the VM: after that it can be attached again. One that was evicted, or whose grace is over, is
suspended for as long as the process lives that decided for it and has not let go: \`vm show\` names its pid.
`;

const COLUMNS: readonly Column<VmRecord>[] = [
  { title: 'NAME', value: (vm) => vm.name },
  { title: 'STATE', value: (vm) => vm.state },
  { title: 'VMM', value: (vm) => vmmText(vm.vmm) },
  { title: 'PLACEMENT', value: (vm) => vm.placement },
  { title: 'WINDOW', value: (vm) => bytesText(vm.windowSize), align: 'right' },
  { title: 'MAPPINGS', value: (vm) => String(vm.mappings), align: 'right' },
  { title: 'MAPPED', value: (vm) => bytesText(vm.mappedBytes), align: 'right' },
  { title: 'BLOBS', value: (vm) => String(vm.allocations), align: 'right' },
  { title: 'ALLOCATED', value: (vm) => bytesText(vm.allocatedBytes), align: 'right' },
  { title: 'QUOTA', value: (vm) => limit(vm.quota.bytes, bytesText), align: 'right' },
  { title: 'GENERATION', value: (vm) => String(vm.generation), align: 'right' },
];

export function addVmCommands(program: Command, context: Context): void {
  const vm = program.command('vm').description('VMs of the configuration and what they hold');
  vm.command('list')
    .description('all VMs')
    .addHelpText('after', HELP)
    .action(() => context.answerList('vm list', COLUMNS, (client) => client.vmPages(), vmRecord));
  vm.command('show')
    .description('one VM')
    .argument('<name>', 'its name in the configuration')
    .addHelpText('after', HELP)
    .action(async (name: string) => {
      const record = vmRecord(await context.withClient(`vm show ${name}`, (client) => client.getVm(name)));
      await context.answer(record, () => fieldLines(fields(record, Date.now())));
    });
  addEvict(vm, context);
}

function addEvict(vm: Command, context: Context): void {
  vm.command('evict')
    .description('reclaim everything a VM has, without waiting for the grace; a suspended one too')
    .argument('<name>', 'its name in the configuration')
    .option('--force', 'also when a frontend has it attached: its guest loses what it has mapped')
    .addHelpText('after', HELP)
    .action(async (name: string, { force = false }: { force?: boolean }) => {
      const { evicted, awaitedPid } = await context.withClient(
        `vm evict ${name}`,
        (client) => client.evictVm(name, force),
        context.changingSocket(),
      );
      await context.answer({ name, evicted, awaitedPid }, () => [evictedText(name, evicted, awaitedPid)]);
    });
}

function evictedText(name: string, evicted: boolean, awaitedPid: number): string {
  if (!evicted) return `${name} had nothing to reclaim`;
  if (awaitedPid === 0) return `${name} is evicted: everything that it had is reclaimed`;
  return `${name} is evicted, but process ${awaitedPid}, which decided for it, has not let go: its memory stays charged until that process ends; stop it`;
}

/** `now` in milliseconds since 1970. */
function fields(vm: VmRecord, now: number): [string, string][] {
  const together = vm.frontendVms > 1 ? `, which serves ${vm.frontendVms} VMs` : '';
  const pid = vm.frontendPid === 0 ? '' : ` (frontend pid ${vm.frontendPid}${together})`;
  const since = vm.stateSince === 0 ? '' : `, for ${formatDuration(Math.max(0, now - vm.stateSince * 1000))}`;
  const grace = vm.state === 'orphaned' ? `, reclaimed in ${formatDuration(vm.graceLeft * 1000)}` : '';
  return [
    ['name', vm.name],
    ['state', `${vm.state}${pid}${since}${grace}`],
    ...(vm.suspension === '' ? [] : ([['suspended', vm.suspension]] as [string, string][])),
    ...(vm.outOfRoom === '' ? [] : ([['out of room', outOfRoomText(vm)]] as [string, string][])),
    ...vmmFields(vm.vmm, vm),
    ['placement', vm.placement],
    ['window', bytesText(vm.windowSize)],
    ['default heap', vm.defaultHeap],
    ...(vm.pending.length === 0 ? [] : ([['pending', pendingText(vm)]] as [string, string][])),
    ['mappings', `${vm.mappings} of ${limit(vm.quota.mappings, String)}`],
    ['mapped', bytesText(vm.mappedBytes)],
    ['blobs', `${vm.allocations} of ${limit(vm.quota.allocations, String)}`],
    ['allocated', `${bytesText(vm.allocatedBytes)} of ${limit(vm.quota.bytes, bytesText)}`],
    ['generation', String(vm.generation)],
    ...grantFields(vm),
  ];
}

/** What a full journal means for the VM. */
function outOfRoomText({ outOfRoom }: VmRecord): string {
  return `a journal is full (${outOfRoom}): it keeps what it has, and new commands are refused until there is room`;
}

/** Of a VM whose frontend decides. */
function grantFields({
  grant,
  accountsVersion,
  untoldBlobs,
  strayBytes,
  beyondGrantBytes,
}: VmRecord): [string, string][] {
  if (grant === null) return [];
  const heaps = grant.heaps.map(
    ({ heap, bytes, idle }) => `${bytesText(bytes)} of ${heap} (${bytesText(idle)} idle)`,
  );
  return [
    ['decided by', 'its frontend'],
    ['grant', [...heaps, `${grant.mappings} mappings`, `${grant.allocations} blobs`].join(', ')],
    ['accounts', `version ${accountsVersion}, ${untoldBlobs} blobs not told yet`],
    ['stray', bytesText(strayBytes)],
    ...(beyondGrantBytes === 0
      ? []
      : ([['beyond its grant', `${bytesText(beyondGrantBytes)} in its window`]] as [string, string][])),
  ];
}

function vmmText(vmm: VmmRecord | null): string {
  return vmm === null ? '-' : [vmm.state, ...vmm.problems.map(({ kind }) => kind)].join(', ');
}

/** How far the VMM has come, and what is wrong with it. */
function vmmFields(vmm: VmmRecord | null, { placement }: VmRecord): [string, string][] {
  if (vmm === null) return [];
  const isStarted = vmm.state === 'running' || vmm.state === 'stopped';
  const seen =
    placement === 'per-blob' ? bytesText(vmm.windowBytes) : vmm.windowBytes === 0 ? 'not yet' : 'all';
  return [
    ['vmm', `${vmm.state}${vmm.pid === 0 ? '' : ` (pid ${vmm.pid})`}`],
    ...(isStarted
      ? ([
          ['queues', `${vmm.runningQueues} of ${vmm.queues} running`],
          [
            'guest memory',
            `${bytesText(vmm.guestBytes)} shared, ${vmm.outOfReachChains} commands out of reach`,
          ],
          ['window seen', seen],
        ] as [string, string][])
      : []),
    ...vmm.problems.map(({ message }): [string, string] => ['problem', message]),
  ];
}

/** When it is attached afresh. */
function pendingText({ pending }: VmRecord): string {
  return `${changesText(pending)} (when it is attached afresh)`;
}

function limit(value: JsonU64, text: (value: JsonU64) => string): string {
  return value === 0 ? 'unlimited' : text(value);
}
