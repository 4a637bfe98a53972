// A line of a log on its way to stderr: JSON as it is, for programs, with its priority for the journal; text where stderr is a terminal, for people.
import { isatty } from 'node:tty';
import type { LogLevel } from './config.ts';
import { isJournalStream, withPriority } from './journal-stream.ts';
import { writeToStderr } from './stderr.ts';

/** The fields that every line has; further ones stand behind the message. */
type LogLine = {
  readonly level: string;
  /** ISO 8601. */
  readonly time: string;
  readonly service: string;
  readonly vm?: string;
  readonly msg?: string;
  readonly err?: { readonly message?: string; readonly stack?: string };
  readonly [field: string]: unknown;
};

const COLOURS: Readonly<Record<string, string>> = { warn: '\x1b[33m', error: '\x1b[31m', fatal: '\x1b[31m' };
const NO_COLOUR = '\x1b[0m';
/** What a person does not look for, or sees already. */
const LEFT_OUT = ['level', 'time', 'service', 'pid', 'vm', 'msg', 'err'];

/** Writes what a log gives, one JSON object and its newline. */
export function writeLogLine(json: string): void {
  reader ??= isatty(2) ? 'people' : isJournalStream(2) ? 'journal' : 'programs';
  writeToStderr(textFor(reader, json));
}

let reader: 'people' | 'journal' | 'programs' | null = null;

function textFor(who: typeof reader, json: string): string {
  if (who === 'people') return logText(JSON.parse(json) as LogLine, isColoured(process.env));
  return who === 'journal' ? withPriority(levelOf(json), json) : json;
}

/** Logs put it first. */
function levelOf(json: string): LogLevel {
  const [, level = 'info'] = /^\{"level":"([a-z]+)"/.exec(json) ?? [];
  return level as LogLevel;
}

/** https://no-color.org */
function isColoured({
  NO_COLOR: noColor,
  TERM: term,
}: Readonly<Record<string, string | undefined>>): boolean {
  return (noColor === undefined || noColor === '') && term !== 'dumb';
}

/** "12:00:01.234 WARN  frontend web-1: the message  name=value name=value", local time; then the stack of an error. */
export function logText(line: LogLine, isInColour: boolean): string {
  const { level, time, service, vm, msg = '', err } = line;
  const name = level.toUpperCase().padEnd(5);
  const colour = isInColour ? COLOURS[level] : undefined;
  const who = vm === undefined ? service : `${service} ${vm}`;
  const fields = Object.entries(line).filter(([field]) => !LEFT_OUT.includes(field));
  if (err !== undefined) fields.push(['error', err.message ?? err]);
  const behind = fields.map(([field, value]) => `${field}=${valueText(value)}`).join(' ');
  const text = [
    clock(time),
    colour === undefined ? name : `${colour}${name}${NO_COLOUR}`,
    `${harmless(who)}: ${harmless(msg)}${behind === '' ? '' : `  ${harmless(behind)}`}`,
  ].join(' ');
  return `${text}\n${stackText(err?.stack)}`;
}

function clock(time: string): string {
  const date = new Date(time);
  const digits = (value: number, count = 2): string => String(value).padStart(count, '0');
  const clockTime = [date.getHours(), date.getMinutes(), date.getSeconds()].map((value) => digits(value));
  return `${clockTime.join(':')}.${digits(date.getMilliseconds(), 3)}`;
}

function valueText(value: unknown): string {
  return typeof value === 'string' && /^[\w.:/@+-]+$/.test(value) ? value : JSON.stringify(value);
}

/** Its first line is the message. */
function stackText(stack = ''): string {
  return stack
    .split('\n')
    .slice(1)
    .map((frame) => `    ${harmless(frame.trim())}\n`)
    .join('');
}

/** What comes from elsewhere must not move the cursor, break a line, or turn the text around. */
function harmless(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what has to go.
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '?');
}
