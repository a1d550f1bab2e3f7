import { BoundedQueue, Ticker } from '@sparrow/core';
import pg from 'pg';

/**
 * Somebody who needs a connection until a deadline (`performance.now()`). Exactly one of the two is called, once;
 * `fail` also ends what runs.
 */
export interface Job {
  deadline: number;
  /** Set by `run` when a statement may have reached the server. */
  sent: boolean;
  run(connection: pg.Client): void;
  fail(error: Error): void;
}

/**
 * Connections to one PostgreSQL, at most `max`; further jobs wait, at most `MAX_WAITING`. Who takes one that is idle
 * waits for no promise and sets no timer: deadlines of everybody are looked after by one, so they fire up to `TICK_MS`
 * late.
 */
export interface Connections {
  take(job: Job): void;
  /** Ends a job. A connection with an answer still to come is of no use to anybody: `broken`. */
  give(job: Job, connection: pg.Client, broken: boolean): void;
  close(): Promise<void>;
}

const MAX_WAITING = 20_000;
const TICK_MS = 20;
const IDLE_MS = 30_000;

export function createConnections(options: { url: string; max: number; connectMs: number }): Connections {
  const { url, max, connectMs } = options;
  let idle: { connection: pg.Client; since: number }[] = [];
  const waiting = new BoundedQueue<Job>(MAX_WAITING);
  /** Everybody whose deadline is looked after. */
  const jobs = new Set<Job>();
  const open = new Set<pg.Client>();
  let closed = false;
  const ticker = new Ticker(TICK_MS, (now) => {
    for (const job of jobs) if (now >= job.deadline && end(job)) job.fail(new Error('no answer in time'));
    // The one that was used last is at the end.
    while (idle.length > 0 && now - (idle[0] as { since: number }).since > IDLE_MS)
      drop((idle.shift() as { connection: pg.Client }).connection);
    return jobs.size > 0 || idle.length > 0;
  });

  const end = (job: Job): boolean => jobs.delete(job);

  function next(): Job | undefined {
    for (;;) {
      const job = waiting.shift();
      if (!job || jobs.has(job)) return job;
    }
  }

  function drop(connection: pg.Client): void {
    if (!open.delete(connection)) return;
    idle = idle.filter((entry) => entry.connection !== connection);
    void connection.end().catch(() => {});
  }

  function dial(): void {
    const connection = new pg.Client({
      connectionString: url,
      connectionTimeoutMillis: connectMs,
      keepAlive: true,
      application_name: 'sparrow',
    });
    open.add(connection);
    // A server that ends says so to connections that wait for nothing, too.
    connection.on('error', () => drop(connection));
    connection.connect((error: Error | null | undefined) => {
      if (!error) return put(connection);
      drop(connection);
      const job = next();
      if (job && end(job)) job.fail(error);
      dialForWaiting();
    });
  }

  /** Somebody waits, and there may be one more. */
  function dialForWaiting(): void {
    if (waiting.size > 0 && open.size < max && !closed) dial();
  }

  /** To the next who waits, or aside. */
  function put(connection: pg.Client): void {
    // It broke behind its last answer.
    if (!open.has(connection)) return dialForWaiting();
    const job = next();
    if (job) job.run(connection);
    else if (closed) drop(connection);
    else idle.push({ connection, since: performance.now() });
  }

  return {
    take(job) {
      if (closed) return job.fail(new Error('the client is closed'));
      jobs.add(job);
      ticker.start();
      const free = idle.pop();
      if (free) return job.run(free.connection);
      if (!waiting.push(job)) {
        end(job);
        return job.fail(new Error(`${MAX_WAITING} statements wait for this shard already`));
      }
      if (open.size < max) dial();
    },
    give(job, connection, broken) {
      end(job);
      if (!broken) return put(connection);
      drop(connection);
      dialForWaiting();
    },
    async close() {
      closed = true;
      ticker.stop();
      for (const job of jobs) if (!job.sent && end(job)) job.fail(new Error('the client is closed'));
      // Who still waits for an answer gets it, or loses it with the connection at its deadline.
      for (const { connection } of idle) drop(connection);
      const until = performance.now() + 2_000;
      while (open.size > 0 && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 10));
      for (const connection of open) drop(connection);
    },
  };
}
