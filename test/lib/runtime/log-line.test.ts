// A line of the log as people see it, and what it cannot do to their terminal.
import { expect, test } from 'vitest';
import { logText } from '../../../services/lib/runtime/log-line.ts';

const time = new Date(2026, 10, 29, 3, 4, 5, 6).toISOString();

test('is the time, the level, who says it, the message, and the fields behind it', () => {
  const line = {
    level: 'warn',
    time,
    service: 'frontend',
    pid: 7,
    vm: 'web-1',
    blobs: 3,
    path: '/a b',
    msg: 'hm',
  };
  expect(logText(line, false)).toBe('03:04:05.006 WARN  frontend web-1: hm  blobs=3 path="/a b"\n');
  expect(logText({ level: 'info', time, service: 'broker', pid: 7, msg: 'broker started' }, true)).toBe(
    '03:04:05.006 INFO  broker: broker started\n',
  );
});

test('is coloured where it matters', () => {
  const line = { level: 'error', time, service: 'up', msg: 'no' };
  expect(logText(line, true)).toBe('03:04:05.006 \x1b[31mERROR\x1b[0m up: no\n');
});

test('has the stack of an error below it', () => {
  const err = { type: 'Error', message: 'why', stack: 'Error: why\n    at here (a.ts:1:2)\n    at there' };
  expect(logText({ level: 'error', time, service: 'up', msg: 'no', err }, false)).toBe(
    '03:04:05.006 ERROR up: no  error=why\n    at here (a.ts:1:2)\n    at there\n',
  );
});

test('cannot move the cursor, break a line or turn the text around', () => {
  const evil = '\x1b[2J\n\x9b1A\u202eabc';
  const text = logText(
    { level: 'info', time, service: 'x', msg: evil, vm: evil, [evil]: evil, value: evil },
    false,
  );
  const codes = [...text.slice(0, -1)].map((character) => character.charCodeAt(0));
  expect(codes.filter((code) => code < 32 || (code >= 127 && code < 160) || code === 0x202e)).toEqual([]);
});
