// The life of a service: signals, the order of stops, their time limit, and exit codes.
import { EventEmitter } from 'node:events';
import { pino } from 'pino';
import { beforeEach, describe, expect, test } from 'vitest';
import { Lifecycle } from '../../../services/lib/runtime/lifecycle.ts';
import { pace } from '../../support/until.ts';

const log = pino({ level: 'silent' });

class FakeProcess extends EventEmitter {
  readonly exits: number[] = [];
  exit(code: number): void {
    this.exits.push(code);
  }
  signal(name: 'SIGINT' | 'SIGTERM'): void {
    this.emit(name, name);
  }
}

let port: FakeProcess;
beforeEach(() => {
  port = new FakeProcess();
});

const never = (): Promise<void> => new Promise(() => undefined);

describe('a service', () => {
  test.each([
    'SIGINT',
    'SIGTERM',
  ] as const)('stops on %s, last started first, with exit code 0', async (signal) => {
    const stopped: string[] = [];
    const lifecycle = new Lifecycle({ log, port });
    const ended = lifecycle.run(async () => {
      lifecycle.onStop('first', () => void stopped.push('first'));
      lifecycle.onStop('second', async () => void stopped.push('second'));
      setImmediate(() => port.signal(signal));
    });
    expect(await ended).toBe(0);
    expect(stopped).toEqual(['second', 'first']);
    expect(lifecycle.signal.aborted).toBe(true);
  });

  test('waits for each stop before the next', async () => {
    const order: string[] = [];
    const lifecycle = new Lifecycle({ log, port });
    await lifecycle.run(async () => {
      lifecycle.onStop('broker', () => void order.push('broker'));
      lifecycle.onStop('slow', async () => {
        await pace(20);
        order.push('slow');
      });
      lifecycle.stop('enough');
    });
    expect(order).toEqual(['slow', 'broker']);
  });

  test('ends with exit code 1 when it is stopped because of an error', async () => {
    const lifecycle = new Lifecycle({ log, port });
    expect(await lifecycle.run(async () => lifecycle.stop('broken', new Error('x')))).toBe(1);
  });

  test('that does not start is stopped as far as it came, and its error is thrown', async () => {
    const stopped: string[] = [];
    const lifecycle = new Lifecycle({ log, port });
    const ended = lifecycle.run(async () => {
      lifecycle.onStop('half', () => void stopped.push('half'));
      throw new Error('no socket');
    });
    await expect(ended).rejects.toThrow('no socket');
    expect(stopped).toEqual(['half']);
  });

  test('that is stopped while it starts has not failed', async () => {
    const lifecycle = new Lifecycle({ log, port });
    const ended = lifecycle.run(async () => {
      port.signal('SIGTERM');
      lifecycle.signal.throwIfAborted();
    });
    expect(await ended).toBe(0);
  });

  test('a stop that fails does not keep the others from stopping, and costs the exit code', async () => {
    const stopped: string[] = [];
    const lifecycle = new Lifecycle({ log, port });
    const code = await lifecycle.run(async () => {
      lifecycle.onStop('good', () => void stopped.push('good'));
      lifecycle.onStop('bad', () => {
        throw new Error('stuck');
      });
      lifecycle.stop('enough');
    });
    expect([code, stopped]).toEqual([1, ['good']]);
  });

  test('a stop that hangs is given up after the limit', async () => {
    const stopped: string[] = [];
    const lifecycle = new Lifecycle({ log, port, stopLimit: 30 });
    const code = await lifecycle.run(async () => {
      lifecycle.onStop('good', () => void stopped.push('good'));
      lifecycle.onStop('hanging', never);
      lifecycle.stop('enough');
    });
    expect([code, stopped]).toEqual([1, ['good']]);
  });

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('a second %s ends it at once with exit code %d', async (signal, code) => {
    const lifecycle = new Lifecycle({ log, port, stopLimit: 30, secondSignalAfter: 0 });
    await lifecycle.run(async () => {
      lifecycle.onStop('hanging', async () => {
        port.signal(signal);
        await never();
      });
      port.signal(signal);
    });
    expect(port.exits).toEqual([code]);
  });

  test('takes one Ctrl-C that arrives twice (from the terminal, and from npm) for one', async () => {
    const stopped: string[] = [];
    const lifecycle = new Lifecycle({ log, port });
    const code = await lifecycle.run(async () => {
      lifecycle.onStop('service', () => void stopped.push('service'));
      port.signal('SIGINT');
      port.signal('SIGINT');
    });
    expect([code, stopped, port.exits]).toEqual([0, ['service'], []]);
  });

  test('leaves no listener behind', async () => {
    const lifecycle = new Lifecycle({ log, port });
    await lifecycle.run(async () => lifecycle.stop('enough'));
    expect(port.eventNames()).toEqual([]);
  });

  test('of a supervisor leaves Ctrl-C to it, and still ends on SIGTERM', async () => {
    const lifecycle = new Lifecycle({ log, port, isInterruptIgnored: true });
    const ended = lifecycle.run(async () => {
      port.signal('SIGINT');
      port.signal('SIGINT');
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect([lifecycle.signal.aborted, port.exits]).toEqual([false, []]);
    port.signal('SIGTERM');
    expect(await ended).toBe(0);
  });
});
