import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { cpuMsOf, descendantsOf, killDescendants } from './descendants.ts';

export { startTimeOf } from './descendants.ts';

/** A child process that is certain to end. */
export interface Child {
  readonly process: ChildProcess;
  readonly pid: number;
  /** Resolves when it has ended, however that came. */
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** Milliseconds of CPU that its main thread has used so far; undefined where that cannot be known. */
  cpuMs(): number | undefined;
  /**
   * SIGTERM to its process group, SIGKILL after `graceMs` (default 3,000) to it and to whatever it has started;
   * resolves when it is gone.
   */
  stop(graceMs?: number): Promise<void>;
  /** SIGKILL to it and to whatever it has started, at once; resolves when it is gone. */
  kill(): Promise<void>;
}

/**
 * Starts a program as the leader of its own process group, so that `stop` reaches the children it starts, too; those
 * that made a group of their own are found by their parent.
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
  /** They are looked up while it runs: afterwards nobody knows whose children they were. */
  let running = true;
  const killAll = (): void => {
    const descendants = running ? descendantsOf(pid) : [];
    signal('SIGKILL');
    killDescendants(descendants);
  };
  const onExit = killAll;
  // One listener a child: a supervisor may well have more than the ten that Node takes for a leak.
  process.setMaxListeners(Math.max(process.getMaxListeners(), process.listenerCount('exit') + 10));
  process.once('exit', onExit);
  const slip = leash(pid);
  void ended.then(() => {
    running = false;
    process.off('exit', onExit);
    slip();
  });
  return {
    process: child,
    pid,
    ended,
    cpuMs: () => (running ? cpuMsOf(pid) : undefined),
    async stop(graceMs = 3_000) {
      const descendants = running ? descendantsOf(pid) : [];
      signal('SIGTERM');
      const timer = setTimeout(killAll, graceMs);
      await ended;
      clearTimeout(timer);
      // What the leader left behind.
      signal('SIGKILL');
      killDescendants(descendants);
    },
    async kill() {
      killAll();
      await ended;
    },
  };
}

/**
 * Kills a process group, and children of its leader that left it, when this process is gone; the function that is
 * returned calls that off.
 */
function leash(pid: number): () => void {
  // `read` answers false when the pipe closes before a line came.
  const others = `$(cat /proc/${pid}/task/*/children 2>/dev/null)`;
  const shell = spawn('/bin/sh', ['-c', `read -r word || kill -s KILL -- -${pid} ${others}`], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  shell.on('error', () => {});
  shell.stdin?.on('error', () => {});
  shell.unref();
  (shell.stdin as { unref?: () => void } | null)?.unref?.();
  return () => shell.stdin?.end('done\n');
}
