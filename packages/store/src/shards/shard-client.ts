import pg from 'pg';
import { StoreError } from '../errors.ts';

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
   * The time of the server's clock, ms UTC, at which an attempt that begins now is given up: a statement that comes through later, out of a network that was
   * broken meanwhile, must not be done any more.
   */
  until(deadline: number): Promise<number>;
  /** A connection for itself, for several statements. */
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
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.max ?? 16,
    connectionTimeoutMillis: options.connectMs ?? 1_000,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    application_name: 'sparrow',
  });
  pool.on('error', () => {});
  // A server that ends says so to connections that wait for nothing, too; the next query on them finds out.
  pool.on('connect', (client) => client.on('error', () => {}));

  function classify(error: unknown, sent: boolean): Error {
    if (error instanceof StoreError || error instanceof LostAnswer) return error;
    const { code, message } = error as { code?: string; message: string };
    if (code !== undefined && AGAIN.has(code)) return new TryAgain(message, { cause: error });
    if (code === '53100')
      return new StoreError('DISK_FULL', `the disk of a shard is full: ${message}`, {
        hint: 'free room there',
        cause: error,
      });
    // A server that is told to end answers so before it has committed.
    if (code !== undefined && GONE.has(code)) return new LostAnswer(error, false);
    if (code !== undefined && /^[0-9A-Z]{5}$/.test(code) && !code.startsWith('08'))
      return new StoreError('SHARD_DOWN', `a shard refused a statement: ${message} (${code})`, {
        hint: 'look at the log of its PostgreSQL',
        cause: error,
      });
    return new LostAnswer(error, !sent);
  }

  async function connect(deadline: number): Promise<pg.PoolClient> {
    let late = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const wanted = pool.connect();
    // A client that comes too late goes back at once.
    wanted.then(
      (client) => late && client.release(),
      () => {},
    );
    try {
      return await Promise.race([
        wanted,
        new Promise<never>((_, reject) => {
          timer = setTimeout(
            () => reject(new Error('no connection in time')),
            Math.max(1, deadline - performance.now()),
          );
        }),
      ]);
    } catch (error) {
      late = true;
      throw classify(error, false);
    } finally {
      clearTimeout(timer);
    }
  }

  let offset = 0;
  let offsetAt = Number.NEGATIVE_INFINITY;
  const client: ShardClient = {
    url: options.url,
    async until(deadline) {
      if (performance.now() - offsetAt > CLOCK_MS) {
        const [row] = await client.query<{ t: number }>(
          { name: 'clock', text: 'select (extract(epoch from clock_timestamp()) * 1000)::float8 as t' },
          Math.min(deadline, performance.now() + ATTEMPT_MS),
        );
        offsetAt = performance.now();
        offset = (row?.t ?? 0) - offsetAt;
      }
      return Math.min(deadline, performance.now() + ATTEMPT_MS) + offset;
    },
    async query<T extends pg.QueryResultRow>(
      statement: { name?: string; text: string; values?: unknown[] },
      deadline: number,
    ) {
      const connection = await connect(deadline);
      let timer: ReturnType<typeof setTimeout> | undefined;
      try {
        const answer = connection.query<T>(statement);
        const late = new Promise<never>((_, reject) => {
          timer = setTimeout(
            () => reject(new LostAnswer(new Error('no answer in time'), false)),
            Math.max(1, deadline - performance.now()),
          );
        });
        const { rows } = await Promise.race([answer, late]);
        connection.release();
        return rows;
      } catch (error) {
        const known = classify(error, true);
        // A connection with an answer still to come is of no use to anybody.
        connection.release(known instanceof LostAnswer);
        throw known;
      } finally {
        clearTimeout(timer);
      }
    },
    async session(work, timeoutMs) {
      const client = await connect(performance.now() + Math.min(timeoutMs, 5_000));
      const timer = setTimeout(() => (client as unknown as { end(): Promise<void> }).end().catch(() => {}), timeoutMs);
      let broken = true;
      try {
        const result = await work(async (text, values = []) => (await client.query(text, values)).rows as never);
        broken = false;
        return result;
      } catch (error) {
        throw classify(error, true);
      } finally {
        clearTimeout(timer);
        client.release(broken);
      }
    },
    close: () => pool.end(),
  };
  return client;
}
