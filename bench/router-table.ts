/** Rows of the `router` bench about the table alone: memory, pull between two routers, growth to 20 million routes. */
import { startHost } from './hosts.ts';
import { type Row, row } from './row.ts';

export async function routeTableRows(): Promise<Row[]> {
  const host = await startHost('table-host.ts', [], ['--expose-gc']);
  try {
    const million = await host.call<{ mb: number; rates: number[]; pullMs: number }>({ op: 'million' }, 60_000);
    const twenty = await host.call<{
      insertMs: number;
      lookups: number;
      lookupMs: number;
      wrong: number;
      longestMs: number;
      mb: number;
      pullMs: number;
    }>({ op: 'twenty' }, 120_000);
    return [
      row('memory of a table of a million routes', 'MB', [million.mb], [], { op: '<=', value: 48, of: 'ours' }),
      row('bulk registration at the authority, frames of 4,096', '1/s', million.rates, [], {
        op: '>=',
        value: 1_200_000,
        of: 'ours',
      }),
      row('full pull of 1 M routes by another set', 'ms', [million.pullMs], [], { op: '<=', value: 1_000, of: 'ours' }),
      row('20 M routes inserted', 's', [twenty.insertMs / 1000]),
      row('1 M random look-ups while it grows: wrong ones', '', [twenty.wrong], [], { op: '<=', value: 0, of: 'ours' }),
      row('longest pause while it grows to 20 M', 'ms', [twenty.longestMs], [], { op: '<=', value: 20, of: 'ours' }),
      row('memory of 20 M routes, a million', 'MB', [twenty.mb / 20], [], { op: '<=', value: 48, of: 'ours' }),
      row('20 M routes pulled slot by slot', 's', [twenty.pullMs / 1000]),
    ];
  } finally {
    await host.stop();
  }
}
