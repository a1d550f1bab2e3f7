import { once } from 'node:events';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { Phrase } from '@sparrow/core';
import { type Child, startChild } from '@sparrow/core/process';
import type { PackageManifest } from '@sparrow/protocol';
import { PACKAGE_FORMAT_VERSION } from '@sparrow/protocol';
import type { Builder, CompiledPackage } from './build.ts';
import {
  type BuildNews,
  type BuildOrder,
  NEWS_FD,
  type PlainError,
  type PlainPackage,
  readNews,
} from './build-messages.ts';
import { createDiagnostic } from './diagnostics.ts';
import { CompilerError } from './errors.ts';
import type { Outcast } from './guard.ts';
import { phrase } from './phrase.ts';
import { readAppConfig } from './project/app-config.ts';
import { emptyJson } from './project/json-file.ts';

/** Time that one file may take. */
export interface BuildTimes {
  /** Of the compiler's own CPU, where the system tells it: a busy machine makes no file slow. Milliseconds. */
  cpuMs: number;
  /** By the clock, when the work is done elsewhere. Milliseconds. */
  wallMs: number;
}

const TIMES: BuildTimes = { cpuMs: 10_000, wallMs: 120_000 };
const WATCH_MS = 250;
/** Files of one build that may end a compiler each; then the build is given up. */
const MAX_REPLACED = 25;
const HEAP_MB = 2048;
const SCRIPT = join(import.meta.dirname, 'build-process.ts');

/** How one try ended. */
type Outcome =
  | { type: 'built'; pkg: PlainPackage }
  | { type: 'failed'; error: PlainError }
  | { type: 'lost'; file: { path: string; hash: string } | undefined; reason: Outcast['reason']; message: string };

/** A running compiler and what it says while somebody listens. */
interface Compiling {
  child: Child;
  /** Hears of each message, and of the end (undefined). */
  onNews: (news: BuildNews | undefined) => void;
}

/**
 * A builder whose work is done in a child process. A file that breaks it, or takes too long, is left out with a
 * diagnostic; a new process compiles the rest.
 */
export function createIsolatedBuilder(dir: string, times: BuildTimes = TIMES): Builder & { close(): Promise<void> } {
  const outcasts = new Map<string, Outcast>();
  let compiling: Promise<Compiling> | undefined;
  let closed = false;

  async function start(): Promise<Compiling> {
    const child = await startChild(process.execPath, [`--max-old-space-size=${HEAP_MB}`, SCRIPT, dir], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'ipc'],
    });
    const next: Compiling = { child, onNews: () => {} };
    const stream = child.process.stdio[NEWS_FD] as Socket;
    readNews(stream, (news) => next.onNews(news));
    // What it said last is read before its end is told.
    void Promise.all([child.ended, once(stream, 'close')]).then(() => next.onNews(undefined));
    // An order to one that just ended: its end is heard of anyway.
    child.process.on('error', () => {});
    holdUp(next, false);
    return next;
  }
  compiling = start();
  // Whoever builds hears of it.
  compiling.catch(() => {});

  async function attempt(order: BuildOrder): Promise<Outcome> {
    compiling ??= start();
    const current = await compiling;
    holdUp(current, true);
    try {
      return await new Promise<Outcome>((resolve) => {
        let file: { path: string; hash: string } | undefined;
        const stop = watchProgress(current.child, times, () =>
          resolve({ type: 'lost', file, reason: 'slow', message: '' }),
        );
        const done = (outcome: Outcome): void => {
          stop.end();
          resolve(outcome);
        };
        current.onNews = (news) => {
          if (!news) done({ type: 'lost', file, reason: 'broke', message: '' });
          else if (news.type === 'file') {
            file = news;
            stop.reset();
          } else if (news.type === 'broke') done({ type: 'lost', file: news, reason: 'broke', message: news.message });
          else done(news);
        };
        const { exitCode, signalCode } = current.child.process;
        if (exitCode !== null || signalCode !== null) current.onNews(undefined);
        else current.child.process.send(order);
      });
    } finally {
      current.onNews = () => {};
      holdUp(current, false);
    }
  }

  async function replace(): Promise<void> {
    const old = compiling;
    compiling = undefined;
    const known = await old?.catch(() => undefined);
    known?.child.process.ref();
    await known?.child.kill();
  }

  function closedError(): CompilerError {
    return new CompilerError('CLOSED', phrase`the compiler is closed`, { hint: phrase`create another one` });
  }

  return {
    async build() {
      let serial = false;
      for (let replaced = 0; ; replaced += 1) {
        if (closed) throw closedError();
        const outcome = await attempt({ outcasts: [...outcasts.values()], serial });
        if (outcome.type === 'built') return withPaths(outcome.pkg);
        if (outcome.type === 'failed' && isUsers(outcome.error)) throw errorOf(outcome.error);
        await replace();
        if (closed) throw closedError();
        if (outcome.type === 'failed' || replaced >= MAX_REPLACED) {
          return brokenPackage(dir, outcome.type === 'failed' ? outcome.error.message : whyLost(outcome));
        }
        // Scripts are compiled several at a time: which one it was shows when they come one by one.
        if (!serial) serial = true;
        else if (!outcome.file) return brokenPackage(dir, whyLost(outcome));
        else {
          const { path, hash } = outcome.file;
          outcasts.set(path, { path, hash, reason: outcome.reason, message: outcome.message });
        }
      }
    },
    close() {
      closed = true;
      return replace();
    },
  };
}

/** An idle compiler keeps no process alive, one that builds does. */
function holdUp({ child }: Compiling, on: boolean): void {
  const parts = [child.process, child.process.channel, child.process.stdio[NEWS_FD] as Socket];
  for (const part of parts) {
    if (on) part?.ref();
    else part?.unref();
  }
}

/** Calls back when nothing new has been heard for too long. */
function watchProgress(
  child: Child,
  { cpuMs, wallMs }: BuildTimes,
  onLate: () => void,
): { reset(): void; end(): void } {
  let since = performance.now();
  let usedBefore: number | undefined;
  // Until the first file comes the compiler loads itself, which is nobody's fault.
  let started = false;
  const timer = setInterval(() => {
    const used = started ? child.cpuMs() : undefined;
    usedBefore ??= used;
    const isLate =
      performance.now() - since > wallMs ||
      (used !== undefined && usedBefore !== undefined && used - usedBefore > cpuMs);
    if (!isLate) return;
    clearInterval(timer);
    onLate();
  }, WATCH_MS);
  return {
    reset() {
      started = true;
      since = performance.now();
      usedBefore = undefined;
    },
    end: () => clearInterval(timer),
  };
}

/** Faults that whoever calls must hear of: there is no project, or the disk does not let us read it. */
function isUsers({ code, syscall }: PlainError): boolean {
  return code !== undefined || syscall !== undefined;
}

function errorOf({ code, message, hint = '', chinese, syscall }: PlainError): Error {
  if (code !== undefined)
    return new CompilerError(code, new Phrase(message, chinese?.message), { hint: new Phrase(hint, chinese?.hint) });
  return Object.assign(new Error(message), { syscall });
}

function withPaths({ assets, ...pkg }: PlainPackage): CompiledPackage {
  return { ...pkg, assetPath: (path) => assets.get(path) };
}

function whyLost({ reason, message }: Extract<Outcome, { type: 'lost' }>): string | Phrase {
  if (reason === 'slow') return phrase`a file takes too long to compile`;
  return message === '' ? phrase`the compiler ended` : message;
}

/** A package without anything but the reason. */
function brokenPackage(dir: string, message: string | Phrase): CompiledPackage {
  const { config, packages } = readAppConfig(emptyJson('app.json'), undefined);
  const finding = createDiagnostic(
    { display: 'app.json', text: '' },
    {
      code: 'COMPILER_BROKE',
      message: phrase`the project cannot be compiled: ${message}`,
      hint: phrase`take back the last change, or look for a file that is very large`,
    },
  );
  const manifest: PackageManifest = {
    formatVersion: PACKAGE_FORMAT_VERSION,
    id: '0'.repeat(16),
    appid: '',
    name: dir,
    app: config,
    packages,
    components: {},
    broken: {},
    faults: {},
    diagnostics: [finding],
    files: [],
    plugins: {},
  };
  const services = new Map([['', { root: '', modules: {}, templates: '({})' }]]);
  return { manifest, services, styles: new Map([['', {}]]), maps: new Map(), assetPath: () => undefined };
}
