import { describe, expect, it } from 'vitest';
import {
  type BrokerEvent,
  Events,
  MOST_WAITING,
  MOST_WATCHERS,
  type TimedEvent,
} from '../../services/broker/events.ts';

const created = (resource: number, vm = 'web'): BrokerEvent => ({
  kind: 'created',
  vm,
  resource,
  size: 4096,
});
const resources = (seen: readonly TimedEvent[]) =>
  seen.map(({ event }) => (event.kind === 'created' ? event.resource : -1));

describe('events', () => {
  it('reach everybody who watches all VMs, or that one', () => {
    const events = new Events();
    const [all, web]: [TimedEvent[], TimedEvent[]] = [[], []];
    expect(events.watched).toBe(false);
    events.watch(
      null,
      (event) => all.push(event) > 0,
      () => undefined,
    );
    events.watch(
      'web',
      (event) => web.push(event) > 0,
      () => undefined,
    );
    events.publish(created(1));
    events.publish(created(2, 'other'));
    expect([resources(all), resources(web)]).toEqual([[1, 2], [1]]);
    expect(events.watched).toBe(true);
  });

  it('wait for a slow watcher, and are counted when there are too many', () => {
    const events = new Events();
    const seen: TimedEvent[] = [];
    let ready = false;
    const watcher = events.watch(
      null,
      (event) => seen.push(event) > 0 && ready,
      () => undefined,
    );
    const count = 1 + MOST_WAITING + 3;
    for (let resource = 1; resource <= count; resource += 1) events.publish(created(resource));
    expect(resources(seen)).toEqual([1]);
    ready = true;
    watcher?.resume();
    expect(seen.length).toBe(1 + MOST_WAITING);
    events.publish(created(count + 1));
    expect(seen.at(-1)).toMatchObject({ lost: 3, event: { resource: count + 1 } });
    events.publish(created(count + 2));
    expect(seen.at(-1)?.lost).toBe(0);
  });

  it('stop at the end of a watch', () => {
    const events = new Events();
    const seen: TimedEvent[] = [];
    const watcher = events.watch(
      null,
      (event) => seen.push(event) > 0,
      () => undefined,
    );
    watcher?.close();
    events.publish(created(1));
    expect(seen).toEqual([]);
    expect(events.watched).toBe(false);
  });

  it('have a bounded number of watchers, who are told of the end', () => {
    const events = new Events();
    let ended = 0;
    const watch = () =>
      events.watch(
        null,
        () => true,
        () => {
          ended += 1;
        },
      );
    const watchers = Array.from({ length: MOST_WATCHERS }, watch);
    expect(watchers.includes(null)).toBe(false);
    expect(watch()).toBeNull();
    events.close();
    expect(ended).toBe(MOST_WATCHERS);
    expect(watch()).not.toBeNull();
  });
});
