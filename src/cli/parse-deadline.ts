import { InvalidArgumentError } from 'commander';

const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * A time to be done by, as people say it: `8h`, `90m`, `2d` from now; `07:00`, the next one by this machine's clock; or a date
 * with a time (ISO 8601). Throws InvalidArgumentError for anything else and for what is past.
 */
export function parseDeadline(text: string, now: Date = new Date()): Date {
  const at = fromNow(text, now) ?? nextTimeOfDay(text, now) ?? asDate(text);
  if (at && at.getTime() > now.getTime()) return at;
  const wrong = at ? 'that is past' : "expected '8h', '90m', '07:00' or '2026-11-25T07:00'";
  throw new InvalidArgumentError(`${wrong}, got '${text}'`);
}

function fromNow(text: string, now: Date): Date | undefined {
  const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?)([mhd])$/.exec(text) ?? [];
  const ms = UNIT_MS[unit];
  return ms === undefined ? undefined : new Date(now.getTime() + Number(number) * ms);
}

function nextTimeOfDay(text: string, now: Date): Date | undefined {
  const [, hour, minute] = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(text) ?? [];
  if (hour === undefined) return undefined;
  const at = new Date(now);
  at.setHours(Number(hour), Number(minute), 0, 0);
  if (at.getTime() <= now.getTime()) at.setDate(at.getDate() + 1);
  return at;
}

function asDate(text: string): Date | undefined {
  if (!/^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}/.test(text)) return undefined;
  const at = new Date(text);
  return Number.isNaN(at.getTime()) ? undefined : at;
}
