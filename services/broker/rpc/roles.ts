// Which calls of AdminService are served on which socket. The kernel decides who may connect to a socket; a call that is in no list here is served nowhere.
import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import { StatusError } from '../../lib/rpc/status-error.ts';

/** viewers look; operators look and change; memory looks, and opens what VMs have in their memory. */
export type AdminRole = 'viewers' | 'operators' | 'memory';

const LOOKS = [
  'listVms',
  'getVm',
  'listAllocations',
  'getAllocation',
  'listMappings',
  'getMapping',
  'listWindows',
  'getWindow',
  'listHeaps',
  'getHeap',
  'watchEvents',
  'getConfiguration',
  'getStatistics',
];

const CALLS: Readonly<Record<AdminRole, ReadonlySet<string>>> = {
  viewers: new Set(LOOKS),
  operators: new Set([...LOOKS, 'evictVm']),
  memory: new Set([...LOOKS, 'openBlob']),
};

/** The calls that `role` has, as they are; the others answer PERMISSION_DENIED / ROLE_FORBIDDEN and say which role has them. */
export function servedTo(
  role: AdminRole,
  implementation: UntypedServiceImplementation,
): UntypedServiceImplementation {
  return Object.fromEntries(
    Object.entries(implementation).map(([name, handler]) => [
      name,
      CALLS[role].has(name) ? handler : forbidden(name, role),
    ]),
  );
}

/** No stream is among them, so all are unary. */
function forbidden(name: string, role: AdminRole): UntypedServiceImplementation[string] {
  const others = (Object.keys(CALLS) as AdminRole[]).filter((other) => CALLS[other].has(name));
  const served = others.length === 0 ? 'it is served to nobody' : `it is served to ${others.join(', ')}`;
  const error = new StatusError(
    'ROLE_FORBIDDEN',
    `${name} was called on the socket of ${role}; ${served} (see groups in the configuration)`,
    { call: name, role },
  );
  return (_call: unknown, callback: (error: StatusError) => void) => callback(error);
}
