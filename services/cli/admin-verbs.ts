// The verbs that ask the broker: what is loaded only for them brings gRPC along, which the keeper of a host (`up`) does without.
import type { Command } from 'commander';
import { addAllocationCommands } from './allocation.ts';
import type { Context } from './context.ts';
import { addEventsCommand } from './events.ts';
import { addHealthCommand } from './health.ts';
import { addHeapCommands } from './heap.ts';
import { addMapCommands } from './map.ts';
import { addVmCommands } from './vm.ts';
import { addWindowCommands } from './window.ts';

export function addAdminVerbs(program: Command, context: Context): void {
  addVmCommands(program, context);
  addMapCommands(program, context);
  addAllocationCommands(program, context);
  addWindowCommands(program, context);
  addHeapCommands(program, context);
  addEventsCommand(program, context);
  addHealthCommand(program, context);
}
