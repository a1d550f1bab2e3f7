import type pg from 'pg';
import { StoreError } from '../errors.ts';
import { phrase } from '../phrase.ts';
import { createConnections, type Job } from './connections.ts';

/** What came of a query that got no answer: it may have been done. */
export class LostAnswer extends Error {
  /** The query certainly never reached the server. */
  readonly notSent: boolean;
  constructor(cause: unknown, notSent: boolean) {
    super(`the connection was lost: ${(cause as Error).message}`, { cause });
    this.notSent = notSent;
  }
}

/** The server is a standby, or refuses for a moment; nothing was done. */
export class TryAgain extends Error {}

/** A bounded pool of connections to one shard. */
export interface ShardClient {
  readonly url: string;
  /** `name` makes it a prepared statement. @throws LostAnswer, TryAgain, StoreError */
  query<T extends pg.QueryResultRow>(
    statement: { name?: string; text: string; values?: unknown[] },
    deadline: number,
  ): Promise<T[]>;
  /**
   * The time of the server's clock, ms UTC, at which an attempt that begins now is given up: a statement that comes
   * through later, out of a network that was broken meanwhile, must not be done any more.
   */
  until(deadline: number): number | Promise<number>;
  /** The server called an attempt late that is not: its clock was set, and is asked again. */
  forgetClock(): void;
  /**
   * A connection for itself, for several statements; of a text with several of them, which has no values, the last one
   * answers.
   */
  session<T>(
    work: (query: <R extends pg.QueryResultRow>(text: string, values?: unknown[]) => Promise<R[]>) => Promise<T>,
    timeoutMs: number,
  ): Promise<T>;
  close(): Promise<void>;
}

/** Part of a deadline that one attempt may take before the shard counts as hung. */
export const ATTEMPT_MS = 2_000;
/** How long the difference of the clocks is believed. */
const CLOCK_MS = 10_000;

const AGAIN = new Set(['40001', '40P01', '25006', '57P03', '55P03', '53300']);
const GONE = new Set(['57P01', '57P02']);

export function createShardClient(options: { url: string; max?: number; connectMs?: number }): ShardClient {
  const connections = createConnections({
    url: options.url,
    max: options.max ?? 16,
    connectMs: options.connectMs ?? 1_000,
  });

  function classify(error: unknown, sent: boolean): Error {
    if (error instanceof StoreError || error instanceof LostAnswer) return error;
    const { code, message } = error as { code?: string; message: string };
    if (code !== undefined && AGAIN.has(code)) return new TryAgain(message, { cause: error });
    if (code === '53100')
      return new StoreError('DISK_FULL', phrase`the disk of a shard is full: ${message}`, {
        hint: phrase`free room there`,
        cause: error,
      });
    // A server that is told to end answers so before it has committed.
    if (code !== undefined && GONE.has(code)) return new LostAnswer(error, false);
    if (code !== undefined && /^[0-9A-Z]{5}$/.test(code) && !code.startsWith('08'))
      return new StoreError('SHARD_DOWN', phrase`a shard refused a statement: ${message} (${code})`, {
        hint: phrase`look at the log of its PostgreSQL`,
        cause: error,
      });
    return new LostAnswer(error, !sent);
  }

  let offset = 0;
  let offsetAt = Number.NEGATIVE_INFINITY;
  const client: ShardClient = {
    url: options.url,
    until(deadline) {
      const own = (): number => Math.min(deadline, performance.now() + ATTEMPT_MS) + offset;
      if (performance.now() - offsetAt <= CLOCK_MS) return own();
      return client
        .query<{ t: number }>(
          { name: 'clock', text: 'select (extract(epoch from clock_timestamp()) * 1000)::float8 as t' },
          Math.min(deadline, performance.now() + ATTEMPT_MS),
        )
        .then(([row]) => {
          offsetAt = performance.now();
          offset = (row?.t ?? 0) - offsetAt;
          return own();
        });
    },
    forgetClock() {
      offsetAt = Number.NEGATIVE_INFINITY;
    },
    query<T extends pg.QueryResultRow>(
      statement: { name?: string; text: string; values?: unknown[] },
      deadline: number,
    ): Promise<T[]> {
      return new Promise((resolve, reject) => {
        let used: pg.Client | undefined;
        const job: Job = {
          deadline,
          sent: false,
          run(connection) {
            used = connection;
            job.sent = true;
            connection.query(statement as pg.QueryConfig, (error: Error | null, result: pg.QueryResult<T>) => {
              if (!used) return;
              if (!error) {
                connections.give(job, connection, false);
                resolve(result.rows);
                return;
              }
              const known = classify(error, true);
              connections.give(job, connection, known instanceof LostAnswer);
              reject(known);
            });
          },
          fail(error) {
            const connection = used;
            used = undefined;
            if (connection) connections.give(job, connection, true);
            reject(classify(error, job.sent));
          },
        };
        connections.take(job);
      });
    },
    session(work, timeoutMs) {
      return new Promise((resolve, reject) => {
        let used: pg.Client | undefined;
        const job: Job = {
          deadline: performance.now() + Math.min(timeoutMs, 5_000),
          sent: false,
          run(connection) {
            used = connection;
            job.sent = true;
            job.deadline = performance.now() + timeoutMs;
            const finish = (broken: boolean): boolean => {
              if (!used) return false;
              used = undefined;
              connections.give(job, connection, broken);
              return true;
            };
            work(async (text, values = []) => {
              if (!used) throw new Error('no answer in time');
              const answer: pg.QueryResult | pg.QueryResult[] = await connection.query(text, values);
              return (Array.isArray(answer) ? answer.at(-1) : answer)?.rows as never;
            }).then(
              (result) => finish(false) && resolve(result),
              (error) => finish(true) && reject(classify(error, true)),
            );
          },
          fail(error) {
            const connection = used;
            used = undefined;
            if (connection) connections.give(job, connection, true);
            reject(classify(error, job.sent));
          },
        };
        connections.take(job);
      });
    },
    close: () => connections.close(),
  };
  return client;
}
