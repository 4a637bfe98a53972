// Reads deploy/compose/compose.yaml: the part of the compose format that the file uses. Anything else is an error, so
// that a setting which the container test would silently ignore cannot enter the file.
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { z } from 'zod';

const healthcheck = z.strictObject({
  test: z.array(z.string()),
  interval: z.string(),
  timeout: z.string(),
  start_period: z.string(),
  retries: z.number(),
});

const service = z.strictObject({
  image: z.string(),
  build: z.strictObject({ context: z.string(), dockerfile: z.string() }).optional(),
  user: z.string().optional(),
  group_add: z.array(z.string()).optional(),
  read_only: z.boolean(),
  cap_drop: z.array(z.string()),
  security_opt: z.array(z.string()),
  restart: z.string(),
  network_mode: z.enum(['none']).optional(),
  command: z.array(z.string()),
  environment: z.record(z.string(), z.string()).default({}),
  depends_on: z.record(z.string(), z.strictObject({ condition: z.string() })).optional(),
  ports: z.array(z.string()).optional(),
  volumes: z.array(z.string()),
  healthcheck: healthcheck.optional(),
  mem_limit: z.string().optional(),
  stop_grace_period: z.string().optional(),
});

const volume = z.strictObject({
  driver: z.string().optional(),
  driver_opts: z.record(z.string(), z.string()).optional(),
});

const project = z.looseObject({
  name: z.string(),
  services: z.record(z.string(), service),
  volumes: z.record(z.string(), volume),
});

export type ComposeService = z.infer<typeof service>;
export type ComposeProject = z.infer<typeof project>;

/** One entry of `volumes`: a named volume or a path (relative to the compose file) and where it appears. */
export interface ComposeMount {
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
}

/** Reads and checks a compose file. Throws with the path of the setting that is unknown or wrong. */
export async function readCompose(path: string): Promise<ComposeProject> {
  const document: unknown = parse(await readFile(path, 'utf8'), { merge: true });
  return project.parse(document);
}

export function composeMount(entry: string): ComposeMount {
  const [source = '', target = '', mode = 'rw'] = entry.split(':');
  return { source, target, readOnly: mode === 'ro' };
}
