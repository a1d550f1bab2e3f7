import { Worker } from 'node:worker_threads';
import type { PackageManifest } from '@sparrow/protocol';
import { PACKAGE_FORMAT_VERSION } from '@sparrow/protocol';
import type { Builder, CompiledPackage } from './build.ts';
import type { BuildNews, BuildOrder, BuildSetup, PlainError, PlainPackage } from './build-messages.ts';
import { createDiagnostic } from './diagnostics.ts';
import { CompilerError } from './errors.ts';
import type { Outcast } from './guard.ts';
import { readAppConfig } from './project/app-config.ts';
import { emptyJson } from './project/json-file.ts';

/** Time that one file may take. */
export interface BuildTimes {
  /** Of the worker's own CPU: a busy machine makes no file slow. Milliseconds. */
  cpuMs: number;
  /** By the clock, when the work is done elsewhere. Milliseconds. */
  wallMs: number;
}

const TIMES: BuildTimes = { cpuMs: 10_000, wallMs: 120_000 };
const WATCH_MS = 250;
/** Files of one build that may end a worker each; then the build is given up. */
const MAX_REPLACED = 25;
const HEAP_MB = 2048;

/** How one try ended. */
type Outcome =
  | { type: 'built'; pkg: PlainPackage }
  | { type: 'failed'; error: PlainError }
  | { type: 'lost'; file: { path: string; hash: string } | undefined; reason: Outcast['reason']; message: string };

/**
 * A builder whose work is done in a worker. A file that breaks the worker, or takes too long, is left out with a diagnostic; a
 * new worker compiles the rest.
 */
export function createIsolatedBuilder(dir: string, times: BuildTimes = TIMES): Builder & { close(): Promise<void> } {
  const outcasts = new Map<string, Outcast>();
  let worker: Worker | undefined;

  function start(): Worker {
    const setup: BuildSetup = { dir };
    const next = new Worker(new URL('./build-worker.ts', import.meta.url), {
      workerData: setup,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
    });
    // Whoever waits for it hears of its end; an idle one holds nobody up.
    next.on('error', () => {});
    next.unref();
    return next;
  }
  worker = start();

  async function attempt(order: BuildOrder): Promise<Outcome> {
    worker ??= start();
    const current = worker;
    current.ref();
    try {
      return await new Promise<Outcome>((resolve) => {
        let file: { path: string; hash: string } | undefined;
        let fault = 'the compiler ended';
        const stop = watchProgress(current, times, (message) =>
          resolve({ type: 'lost', file, reason: 'slow', message }),
        );
        const done = (outcome: Outcome): void => {
          stop.end();
          resolve(outcome);
        };
        current.on('message', (news: BuildNews) => {
          if (news.type === 'file') {
            file = news;
            stop.reset();
          } else if (news.type === 'broke') done({ type: 'lost', file: news, reason: 'broke', message: news.message });
          else done(news);
        });
        current.once('error', (error: Error) => {
          fault = error.message;
        });
        current.once('exit', () => done({ type: 'lost', file, reason: 'broke', message: fault }));
        current.postMessage(order);
      });
    } finally {
      current.removeAllListeners('message');
      current.removeAllListeners('exit');
      current.unref();
    }
  }

  async function replace(): Promise<void> {
    const old = worker;
    worker = undefined;
    await old?.terminate();
  }

  return {
    async build() {
      let serial = false;
      for (let replaced = 0; ; replaced += 1) {
        const outcome = await attempt({ outcasts: [...outcasts.values()], serial });
        if (outcome.type === 'built') return withPaths(outcome.pkg);
        if (outcome.type === 'failed' && isUsers(outcome.error)) throw errorOf(outcome.error);
        await replace();
        if (outcome.type === 'failed' || replaced >= MAX_REPLACED) {
          const message = outcome.type === 'failed' ? outcome.error.message : outcome.message;
          return brokenPackage(dir, message);
        }
        // Scripts are compiled several at a time: which one it was shows when they come one by one.
        if (!serial) serial = true;
        else if (!outcome.file) return brokenPackage(dir, outcome.message);
        else {
          const { path, hash } = outcome.file;
          outcasts.set(path, { path, hash, reason: outcome.reason, message: outcome.message });
        }
      }
    },
    close: replace,
  };
}

/** Calls back when nothing new has been heard for too long. */
function watchProgress(
  worker: Worker,
  { cpuMs, wallMs }: BuildTimes,
  onLate: (message: string) => void,
): { reset(): void; end(): void } {
  let since = performance.now();
  let usedBefore: number | undefined;
  // Until the first file comes the worker loads itself, which is nobody's fault.
  let asking = true;
  let started = false;
  const timer = setInterval(() => {
    const late = (): void => {
      clearInterval(timer);
      onLate('the file takes too long to compile');
    };
    if (performance.now() - since > wallMs) return late();
    if (asking) return;
    asking = true;
    const asked = since;
    // It answers also while the thread is in the middle of something.
    worker.cpuUsage().then(
      ({ user, system }) => {
        asking = false;
        const used = (user + system) / 1000;
        if (asked !== since) return;
        usedBefore ??= used;
        if (used - usedBefore > cpuMs) late();
      },
      () => {
        asking = false;
      },
    );
  }, WATCH_MS);
  return {
    reset() {
      if (!started) asking = false;
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

function errorOf({ code, message, hint, syscall }: PlainError): Error {
  if (code !== undefined) return new CompilerError(code, message, { hint: hint ?? '' });
  return Object.assign(new Error(message), { syscall });
}

function withPaths({ assets, ...pkg }: PlainPackage): CompiledPackage {
  return { ...pkg, assetPath: (path) => assets.get(path) };
}

/** A package without anything but the reason. */
function brokenPackage(dir: string, message: string): CompiledPackage {
  const { config, packages } = readAppConfig(emptyJson('app.json'), undefined);
  const finding = createDiagnostic(
    { display: 'app.json', text: '' },
    {
      code: 'COMPILER_BROKE',
      message: `the project cannot be compiled: ${message}`,
      hint: 'take back the last change, or look for a file that is very large',
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
  };
  const services = new Map([['', { root: '', modules: {}, templates: '({})' }]]);
  return { manifest, services, styles: new Map([['', {}]]), maps: new Map(), assetPath: () => undefined };
}
