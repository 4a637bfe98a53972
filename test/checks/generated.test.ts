// Generated code is committed; this holds it against what the contract generates today.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');

it('services/lib/rpc/gen is what proto/ generates (otherwise: npm run gen)', { timeout: 120_000 }, () => {
  const out = mkdtempSync(join(tmpdir(), 'barkeep-drift-'));
  try {
    execFileSync(process.execPath, [join(ROOT, 'test/checks/generate.mjs'), '--out', out]);
    const committed = join(ROOT, 'services/lib/rpc/gen');
    expect(readdirSync(committed).sort()).toEqual(readdirSync(out).sort());
    for (const name of readdirSync(out)) {
      expect(
        readFileSync(join(committed, name), 'utf8') === readFileSync(join(out, name), 'utf8'),
        name,
      ).toBe(true);
    }
  } finally {
    rmSync(out, { recursive: true });
  }
});
