import { regions } from './regions.ts';

/** Wheels of a picker: texts by column, and the index that is chosen in each. */
export interface Wheels {
  columns: string[][];
  chosen: number[];
}

/** Value a picker reports, from the indexes of its wheels. */
export interface WheelModel {
  open(): Wheels;
  /** After the user moved a wheel: wheels that depend on it follow. */
  moved(chosen: number[]): Wheels;
  detail(chosen: number[]): Record<string, unknown>;
}

const two = (value: number): string => String(value).padStart(2, '0');
const range = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);
const nearest = (values: number[], wanted: number): number => {
  const last = values.length - 1;
  const at = values.findIndex((value) => value >= wanted);
  return Math.max(0, at < 0 ? last : at);
};

/** Hours and minutes between `start` and `end`, each `hh:mm`. */
export function timeWheels(value: string, start: string, end: string): WheelModel {
  const parse = (text: string, fallback: [number, number]): [number, number] => {
    const found = /^(\d{1,2}):(\d{1,2})/.exec(text);
    return found ? [Number(found[1]), Number(found[2])] : fallback;
  };
  const [firstHour, firstMinute] = parse(start, [0, 0]);
  const [lastHour, lastMinute] = parse(end, [23, 59]);
  const hours = range(firstHour, lastHour);
  const minutesOf = (hour: number): number[] =>
    range(hour === firstHour ? firstMinute : 0, hour === lastHour ? lastMinute : 59);
  const wheels = (hour: number, minute: number): Wheels => {
    const at = nearest(hours, hour);
    const minutes = minutesOf(hours[at] ?? 0);
    return { columns: [hours.map(two), minutes.map(two)], chosen: [at, nearest(minutes, minute)] };
  };
  const read = ([h = 0, m = 0]: number[]): [number, number] => {
    const hour = hours[h] ?? 0;
    const minutes = minutesOf(hour);
    return [hour, minutes[Math.min(m, minutes.length - 1)] ?? 0];
  };
  const now = new Date();
  return {
    open: () => wheels(...parse(value, [now.getHours(), now.getMinutes()])),
    moved: (chosen) => wheels(...read(chosen)),
    detail: (chosen) => ({ value: read(chosen).map(two).join(':') }),
  };
}

/** Years, months and days (as `fields` says) between `start` and `end`, each `yyyy-mm-dd`. */
export function dateWheels(value: string, start: string, end: string, fields: string): WheelModel {
  type Day = [number, number, number];
  const now = new Date();
  const parse = (text: string, fallback: Day): Day => {
    const found = /^(\d{1,4})(?:[-/](\d{1,2}))?(?:[-/](\d{1,2}))?/.exec(text);
    return found ? [Number(found[1]), Number(found[2] ?? fallback[1]), Number(found[3] ?? fallback[2])] : fallback;
  };
  const first = parse(start, [now.getFullYear() - 100, 1, 1]);
  const last = parse(end, [now.getFullYear() + 100, 12, 31]);
  const years = range(first[0], last[0]);
  const monthsOf = (year: number): number[] => range(year === first[0] ? first[1] : 1, year === last[0] ? last[1] : 12);
  const daysOf = (year: number, month: number): number[] => {
    const length = new Date(year, month, 0).getDate();
    const from = year === first[0] && month === first[1] ? first[2] : 1;
    const to = year === last[0] && month === last[1] ? Math.min(last[2], length) : length;
    return range(from, to);
  };
  const depth = fields === 'year' ? 1 : fields === 'month' ? 2 : 3;
  const wheels = (day: Day): Wheels => {
    const y = nearest(years, day[0]);
    const year = years[y] ?? day[0];
    const months = monthsOf(year);
    const m = nearest(months, day[1]);
    const days = daysOf(year, months[m] ?? 1);
    return {
      columns: [years.map((x) => `${x}年`), months.map((x) => `${two(x)}月`), days.map((x) => `${two(x)}日`)].slice(
        0,
        depth,
      ),
      chosen: [y, m, nearest(days, day[2])].slice(0, depth),
    };
  };
  const pick = (values: number[], at: number): number => values[Math.min(at, values.length - 1)] ?? 1;
  const read = ([y = 0, m = 0, d = 0]: number[]): Day => {
    const year = pick(years, y);
    const month = pick(monthsOf(year), m);
    return [year, month, pick(daysOf(year, month), d)];
  };
  return {
    open: () => wheels(parse(value, [now.getFullYear(), now.getMonth() + 1, now.getDate()])),
    moved: (chosen) => wheels(read(chosen)),
    detail: (chosen) => {
      const [year, month, day] = read(chosen);
      return { value: [String(year).padStart(4, '0'), two(month), two(day)].slice(0, depth).join('-') };
    },
  };
}

/** Province, city and district; `custom` is an entry on top of every column. */
export function regionWheels(value: string[], custom: string, level: string): WheelModel {
  const all = regions();
  const depth = level === 'province' ? 1 : level === 'city' ? 2 : 3;
  const head = custom ? [custom] : [];
  const shift = head.length;
  const wheels = (chosen: number[]): Wheels => {
    const province = all[(chosen[0] ?? 0) - shift];
    const city = province?.cities[(chosen[1] ?? 0) - shift];
    const columns = [
      [...head, ...all.map((entry) => entry.name)],
      [...head, ...(province?.cities.map((entry) => entry.name) ?? [])],
      [...head, ...(city?.districts ?? [])],
    ].slice(0, depth);
    return { columns, chosen: columns.map((texts, at) => Math.min(chosen[at] ?? 0, Math.max(0, texts.length - 1))) };
  };
  return {
    open() {
      const chosen: number[] = [];
      for (let column = 0; column < depth; column++) {
        const texts = wheels(chosen).columns[column] ?? [];
        chosen.push(Math.max(0, texts.indexOf(value[column] ?? '')));
      }
      return wheels(chosen);
    },
    moved: wheels,
    detail(chosen) {
      const { columns, chosen: at } = wheels(chosen);
      return { value: columns.map((texts, column) => texts[at[column] ?? 0] ?? ''), code: [], postcode: '' };
    },
  };
}
