import { setTimeout as sleep } from 'node:timers/promises';
import { backoff, Deadline, Phrase } from '@sparrow/core';
import { type Child, startChild } from '@sparrow/core/process';
import type { BackendStatus } from '@sparrow/protocol';
import { CloudError } from '../errors.ts';
import { phrase } from '../phrase.ts';
import { backendCommand } from './backend-command.ts';
import { backendEnvironment } from './environment.ts';
import { createLineSplitter } from './line-splitter.ts';
import { freePort, waitUntilListening } from './listening.ts';
import { createLoadedFiles } from './loaded-files.ts';
import { watchSources } from './watch-sources.ts';

/** What a developer does about a backend that does not run. */
const BACKEND_HINTS = {
  BACKEND_NOT_STARTED: phrase`Correct backend.command in sparrow.json, or the "start" script of its package.json`,
  BACKEND_NOT_LISTENING: phrase`The backend must listen on process.env.PORT`,
};

export interface BackendOptions {
  /** Absolute. */
  dir: string;
  command?: string[] | undefined;
  health?: string | undefined;
  /** Environment besides the little of the process's own that is passed on; PORT is added. */
  env: Record<string, string>;
  /** Time from start to the first accepted connection; default 20,000 ms. */
  readyMs?: number | undefined;
  /** Pause before it is started again after a crash, doubled for each crash in a row; default 250 to 8,000 ms. */
  retry?: { baseMs: number; maxMs: number };
  /** Time between SIGTERM and SIGKILL; default 3,000 ms. */
  stopGraceMs?: number;
  /** Restart on changes of its sources; default true. */
  watch?: boolean | undefined;
  /** Files and folders in `dir`, or patterns of them, whose changes are none of its sources. */
  ignore?: readonly string[] | undefined;
  /** What it prints, and what is said about it. */
  onLine: (level: 'info' | 'error', text: string | Phrase) => void;
  onStatus: (status: BackendStatus) => void;
  /** The process that answered until now is gone or will be: who talked to it must talk anew. */
  onGone?: () => void;
  /** A process was started or is gone (undefined). */
  onProcess?: (pid: number | undefined) => void;
}

export interface Backend {
  status(): BackendStatus;
  /** Origin of the running backend, undefined while there is none. */
  origin(): string | undefined;
  /**
   * Origin of the backend, once it runs.
   *
   * @throws CloudError BACKEND_DOWN with the reason when it crashed, or did not come up within `ms`.
   */
  whenReady(ms: number): Promise<string>;
  restart(): void;
  close(): Promise<void>;
}

/** Crashes in a row after which it waits for a change instead of trying again. */
const MAX_CRASHES = 5;
/** A process that lived so long was well. */
const WELL_AFTER_MS = 10_000;
/** Lines of its output that are kept for a crash report, and that it shows: those of Node's own stack frames are left out. */
const TAIL_LINES = 60;
const REPORT_LINES = 15;
const NOISE = /^\s*$|^\s+at .*\(?node:|^node:internal|^\s+throw |^\s+\^/;

/** Runs a project's backend: starts it, waits until it listens, restarts it after changes and crashes, stops its whole process group. */
export async function createBackend(options: BackendOptions): Promise<Backend> {
  const { file, args } = backendCommand(options.dir, options.command);
  const readyMs = options.readyMs ?? 20_000;
  let status: BackendStatus = { state: 'starting', restarts: 0 };
  /** Of the last crash. */
  let fault: Phrase | undefined;
  let origin: string | undefined;
  let closed = false;
  /** Ends what the loop is waiting for: a restart was asked for, or the end. */
  let wake = new AbortController();
  const waiters = new Set<() => void>();

  const loads = createLoadedFiles(options.env);
  let startedAt = performance.now();

  function setStatus(state: BackendStatus['state'], reason?: Phrase): void {
    fault = reason;
    status = {
      state,
      restarts: status.restarts,
      ...(reason && { reason: reason.en }),
      ...(reason?.zh !== undefined && { reasonZh: reason.zh }),
    };
    options.onStatus(status);
    for (const waiter of [...waiters]) waiter();
  }

  function restart(): void {
    wake.abort();
  }

  /** One life of the process. Returns the reason of a crash, undefined when it was stopped. */
  async function live(): Promise<Phrase | undefined> {
    const signal = wake.signal;
    const port = await freePort();
    setStatus('starting');
    loads.reset();
    startedAt = performance.now();
    const tail: string[] = [];
    let child: Child;
    try {
      child = await startChild(file, args, {
        cwd: options.dir,
        env: {
          ...backendEnvironment(process.env),
          ...loads.env,
          NODE_ENV: 'development',
          ...options.env,
          PORT: String(port),
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
    } catch (error) {
      return phrase`BACKEND_NOT_STARTED: ${file} cannot be started: ${(error as Error).message}. ${BACKEND_HINTS.BACKEND_NOT_STARTED}`;
    }
    options.onProcess?.(child.pid);
    capture(child, (level, text) => {
      tail.push(text);
      if (tail.length > TAIL_LINES) tail.shift();
      options.onLine(level, text);
    });
    const report = (what: Phrase): Phrase => {
      const lines = tail.filter((line) => !NOISE.test(line)).slice(-REPORT_LINES);
      return new Phrase([what.en, ...lines].join('\n'), what.zh && [what.zh, ...lines].join('\n'));
    };
    try {
      const ended = child.ended.then(({ code, signal: name }) => ({
        ended: name ? phrase`signal ${name}` : phrase`exit code ${code ?? '?'}`,
      }));
      const outcome = await Promise.race([listen(port, signal), ended, aborted(signal)]);
      if ('ended' in outcome)
        return await afterOutput(child, () =>
          report(phrase`BACKEND_CRASHED: it ended with ${outcome.ended} before it listened on PORT`),
        );
      if ('late' in outcome)
        return report(
          phrase`BACKEND_NOT_LISTENING: ${silence(options.health)} on port ${port} after ${readyMs / 1000} s. ${BACKEND_HINTS.BACKEND_NOT_LISTENING}`,
        );
      if ('stopped' in outcome) return undefined;
      origin = outcome.origin;
      setStatus('running');
      const end = await Promise.race([ended, aborted(signal)]);
      if ('stopped' in end) return undefined;
      return await afterOutput(child, () => report(phrase`BACKEND_CRASHED: it ended with ${end.ended}`));
    } finally {
      if (origin !== undefined) options.onGone?.();
      origin = undefined;
      await child.stop(options.stopGraceMs ?? 3000);
      options.onProcess?.(undefined);
    }
  }

  async function listen(
    port: number,
    signal: AbortSignal,
  ): Promise<{ origin: string } | { late: true } | { stopped: true }> {
    const limit = AbortSignal.timeout(readyMs);
    try {
      return { origin: await waitUntilListening(port, options.health, AbortSignal.any([limit, signal])) };
    } catch {
      return signal.aborted ? { stopped: true } : { late: true };
    }
  }

  async function loop(): Promise<void> {
    let crashes = 0;
    while (!closed) {
      const since = performance.now();
      const reason = await live().catch((error: Error) => phrase`BACKEND_NOT_STARTED: ${error.message}`);
      if (closed) break;
      if (reason === undefined) crashes = 0;
      else {
        crashes = performance.now() - since > WELL_AFTER_MS ? 1 : crashes + 1;
        options.onLine('error', firstLine(reason));
        setStatus('crashed', reason);
        if (crashes >= MAX_CRASHES) {
          options.onLine(
            'error',
            phrase`it crashed ${crashes} times in a row and is started again when a file changes`,
          );
          await aborted(wake.signal);
        } else {
          // A restart that is asked for ends the pause.
          await sleep(backoff(crashes, options.retry ?? { baseMs: 250, maxMs: 8000 }), undefined, {
            signal: wake.signal,
          }).catch(() => {});
        }
      }
      wake = wake.signal.aborted && !closed ? new AbortController() : wake;
      status = { ...status, restarts: status.restarts + 1 };
    }
    setStatus('stopped');
  }

  const watcher =
    options.watch === false
      ? undefined
      : await watchSources({
          dir: options.dir,
          loads,
          ignore: options.ignore ?? [],
          age: () => performance.now() - startedAt,
          onChange(path) {
            options.onLine('info', phrase`${path} changed, restarting the backend`);
            restart();
          },
          onIgnored: (path) =>
            options.onLine(
              'info',
              phrase`${path} changes with every start: the backend writes it, so it is not watched any more. Name it in backend.ignore of sparrow.json to say so`,
            ),
        });
  const running = loop();

  return {
    status: () => status,
    origin: () => origin,
    async whenReady(ms) {
      const deadline = new Deadline('the start of the backend', ms);
      while (origin === undefined) {
        if (status.state === 'crashed' || status.state === 'stopped' || deadline.left === 0)
          throw new CloudError('BACKEND_DOWN', fault ?? stateText(status.state), {
            hint: phrase`its log says why; correct the fault and save the file`,
          });
        let waiter = (): void => {};
        const changed = new Promise<void>((resolve) => {
          waiter = resolve;
        });
        waiters.add(waiter);
        await deadline.race(changed).catch(() => {});
        waiters.delete(waiter);
      }
      return origin;
    },
    restart,
    async close() {
      closed = true;
      wake.abort();
      await watcher?.close();
      await running;
      loads.close();
    },
  };
}

function capture(child: Child, onLine: (level: 'info' | 'error', text: string) => void): void {
  for (const [stream, level] of [
    [child.process.stdout, 'info'],
    [child.process.stderr, 'error'],
  ] as const) {
    const lines = createLineSplitter((text) => onLine(level, text));
    stream?.on('data', lines.write);
    stream?.on('end', lines.end);
  }
}

/** The last lines of a process can come after its exit: waits for the end of its output, but not for ever. */
async function afterOutput(child: Child, report: () => Phrase): Promise<Phrase> {
  const ended = [child.process.stdout, child.process.stderr].map(
    (stream) =>
      new Promise<void>((resolve) => (stream?.readableEnded === false ? stream.once('end', resolve) : resolve())),
  );
  // A grandchild may hold the pipe open.
  await Promise.race([Promise.all(ended), sleep(500)]);
  return report();
}

function aborted(signal: AbortSignal): Promise<{ stopped: true }> {
  if (signal.aborted) return Promise.resolve({ stopped: true });
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve({ stopped: true }), { once: true }));
}

const firstLine = ({ en, zh }: Phrase): Phrase => new Phrase(en.split('\n', 1)[0] ?? '', zh?.split('\n', 1)[0]);

const silence = (health: string | undefined): Phrase =>
  health ? phrase`nothing answers GET ${health} with 2xx` : phrase`nothing listens`;

function stateText(state: BackendStatus['state']): Phrase {
  return state === 'stopped' ? phrase`the backend is stopped` : phrase`the backend is still starting`;
}
