// A service's pulse: often enough for its holder's watchdog, and with what the service does at that moment.
import { expect, test } from 'vitest';
import { startPulse } from '../../../services/lib/runtime/pulse.ts';
import { until } from '../../support/until.ts';

test('the holder hears more than one beat within its limit, with the status of the moment, and at once when there is news', async () => {
  const heard: { readonly status: string; readonly at: number }[] = [];
  const store = {
    watchdog: 600,
    alive: (status: string) => {
      heard.push({ status, at: performance.now() });
    },
  };
  let status = 'starting';
  const beat = startPulse(store, () => status);
  expect(heard.map((one) => one.status)).toEqual(['starting']);
  status = 'serving';
  beat();
  expect(heard.map((one) => one.status)).toEqual(['starting', 'serving']);
  await until('it has beaten by itself', () => heard.length >= 5);
  const pauses = heard.slice(2).map(({ at }, index) => at - heard[index + 1]!.at);
  // A busy machine is late now and then.
  expect(Math.min(...pauses)).toBeLessThanOrEqual(store.watchdog / 2);
});
