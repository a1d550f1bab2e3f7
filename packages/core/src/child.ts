import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';

/** A child process that is certain to end. */
export interface Child {
  readonly process: ChildProcess;
  readonly pid: number;
  /** Resolves when it has ended, however that came. */
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** SIGTERM to its process group, SIGKILL after `graceMs` (default 3,000); resolves when it is gone. */
  stop(graceMs?: number): Promise<void>;
}

/**
 * Starts a program as the leader of its own process group, so that `stop` reaches the children it starts, too.
 *
 * It ends with us however we end: a small shell holds a pipe from us, and when that closes without a farewell (a kill
 * -9, a crash) it kills the group. Only where there is a /bin/sh.
 *
 * @throws the spawn error (ENOENT …) when the program cannot be started.
 */
export async function startChild(command: string, args: string[], options: SpawnOptions = {}): Promise<Child> {
  const child = spawn(command, args, { ...options, detached: true });
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
    child.once('error', () => resolve({ code: null, signal: null }));
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  const pid = child.pid as number;
  const signal = (name: NodeJS.Signals): void => {
    try {
      process.kill(-pid, name);
    } catch {
      // The group is gone already.
    }
  };
  const onExit = (): void => signal('SIGKILL');
  // One listener a child: a supervisor may well have more than the ten that Node takes for a leak.
  process.setMaxListeners(Math.max(process.getMaxListeners(), process.listenerCount('exit') + 10));
  process.once('exit', onExit);
  const slip = leash(pid);
  void ended.then(() => {
    process.off('exit', onExit);
    slip();
  });
  return {
    process: child,
    pid,
    ended,
    async stop(graceMs = 3_000) {
      signal('SIGTERM');
      const timer = setTimeout(() => signal('SIGKILL'), graceMs);
      await ended;
      clearTimeout(timer);
      signal('SIGKILL'); // what the leader left behind in its group
    },
  };
}

/** Kills a process group when this process is gone; the function that is returned calls that off. */
function leash(pid: number): () => void {
  // `read` answers false when the pipe closes before a line came.
  const shell = spawn('/bin/sh', ['-c', `read -r word || kill -s KILL -- -${pid}`], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  shell.on('error', () => {});
  shell.stdin?.on('error', () => {});
  shell.unref();
  (shell.stdin as { unref?: () => void } | null)?.unref?.();
  return () => shell.stdin?.end('done\n');
}
