import { startTimeOf } from '@sparrow/core/process';
import type { RunFile } from '@sparrow/protocol';
import { type Backend, createBackend } from '../backend/backend.ts';
import type { Project } from '../project/read-project.ts';
import type { StateFolder } from '../state/state-folder.ts';
import type { DevEvents } from './dev-events.ts';

export interface BackendSlotOptions {
  project: Project;
  state: StateFolder;
  events: DevEvents;
  /** What is known of this run so far; it gets the process of the backend. */
  run: RunFile;
  env: Record<string, string>;
  readyMs: number | undefined;
  watch: boolean | undefined;
  onGone: () => void;
}

/** The place of the backend, for those who are made before it. Without a backend it stays empty. */
export interface BackendSlot {
  /** Undefined until it was started, and in a project that has none. */
  readonly backend: Backend | undefined;
  /** @throws CloudError BACKEND_NO_COMMAND */
  start(options: BackendSlotOptions): Promise<void>;
}

export function createBackendSlot(): BackendSlot {
  let backend: Backend | undefined;
  return {
    get backend() {
      return backend;
    },
    async start({ project, state, events, run, ...options }) {
      if (project.backendDir === undefined) return;
      const { command, health, ignore } = project.config.backend ?? {};
      backend = await createBackend({
        ...{ command, health, ignore, ...options },
        dir: project.backendDir,
        onLine: (level, text) => events.log({ source: 'backend', level, text }),
        onStatus: (status) => events.emit({ type: 'backend', status }),
        onProcess(pid) {
          const startTime = pid === undefined ? undefined : startTimeOf(pid);
          delete run.backend;
          if (pid !== undefined && startTime !== undefined) run.backend = { pid, startTime };
          state.writeRun(run);
        },
      });
    },
  };
}
