import { StoreError } from '../errors.ts';
import { phrase } from '../phrase.ts';

const TIME = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,3}))?)?(Z|[+-]\d\d:?\d\d)?)?$/;

/**
 * A moment as people write it, in milliseconds UTC: 2026-11-28T08:00:00Z, 2026-11-28 08:00, 2026-11-28, or these
 * milliseconds themselves, which have thirteen digits. Without a zone it is a time of this machine. Whatever is not
 * exactly of this form, or on no calendar, is refused.
 *
 * @throws StoreError CONFIG_INVALID
 */
export function parseTime(text: string): number {
  if (/^\d{13}$/.test(text.trim())) return Number(text);
  const match = TIME.exec(text.trim());
  const wrong = (): StoreError =>
    new StoreError('CONFIG_INVALID', phrase`"${text}" is no time`, {
      hint: phrase`write it as 2026-11-28T08:00:00Z, or 2026-11-28 08:00 for a time of this machine`,
    });
  if (!match) throw wrong();
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const ms = Number((match[7] ?? '').padEnd(3, '0'));
  // Dates that no calendar has become other dates: they are seen by comparing.
  const check = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  const same = check.getUTCMonth() === month - 1 && check.getUTCDate() === day && check.getUTCHours() === hour;
  if (!same || minute > 59 || second > 59) throw wrong();
  const zone = match[8];
  if (zone === undefined) return new Date(year, month - 1, day, hour, minute, second, ms).getTime();
  if (zone === 'Z') return check.getTime() + ms;
  const [zoneHours, zoneMinutes] = [Number(zone.slice(1, 3)), Number(zone.slice(-2))];
  if (zoneHours > 23 || zoneMinutes > 59) throw wrong();
  const offset = (zoneHours * 60 + zoneMinutes) * 60_000;
  return check.getTime() + ms - (zone[0] === '-' ? -offset : offset);
}
