import { RouterError } from '../errors.ts';
import { phrase } from '../phrase.ts';
import type { Closable, Coordinator, Election, ElectionEvents, Membership } from './coordinator.ts';

/** The state that the coordinators of one process share. */
export interface LocalCoordination {
  /** A coordinator with a session of its own. */
  createCoordinator(): Coordinator;
}

interface Candidate {
  events: ElectionEvents;
  leads: boolean;
}

/**
 * The embedded coordination: one process, no files, nothing to install. Sessions end when their coordinator is closed.
 */
export function createLocalCoordination(): LocalCoordination {
  const members = new Map<string, Map<string, string>>();
  const values = new Map<string, { data: string; version: number }>();
  const elections = new Map<string, Candidate[]>();
  const memberWatches = new Map<string, Set<() => void>>();
  const valueWatches = new Map<string, Set<() => void>>();
  let term = 0;

  const at = <K, V>(map: Map<K, V>, key: K, make: () => V): V => {
    const known = map.get(key);
    if (known !== undefined) return known;
    const made = make();
    map.set(key, made);
    return made;
  };
  const changed = (watches: Map<string, Set<() => void>>, path: string): void => {
    for (const watch of watches.get(path) ?? []) watch();
  };
  const lead = (path: string): void => {
    const [first] = elections.get(path) ?? [];
    if (!first || first.leads) return;
    first.leads = true;
    term++;
    const mine = term;
    queueMicrotask(() => first.leads && first.events.elected(mine));
  };

  return {
    createCoordinator() {
      const leaving = new Set<() => void>();
      let isClosed = false;
      const check = (): void => {
        if (isClosed)
          throw new RouterError('CLOSED', phrase`the coordinator was closed`, { hint: phrase`create another one` });
      };
      /** Calls back in a later microtask, once for a burst. */
      const watch = (watches: Map<string, Set<() => void>>, path: string, call: () => void): Closable => {
        let isWaiting = false;
        let isOver = false;
        const notify = (): void => {
          if (isWaiting) return;
          isWaiting = true;
          queueMicrotask(() => {
            isWaiting = false;
            if (!isOver) call();
          });
        };
        at(watches, path, () => new Set()).add(notify);
        notify();
        const close = (): void => {
          isOver = true;
          watches.get(path)?.delete(notify);
          leaving.delete(close);
        };
        leaving.add(close);
        return { close };
      };
      return {
        async join(path, name, data): Promise<Membership> {
          check();
          const here = at(members, path, () => new Map());
          here.set(name, data);
          changed(memberWatches, path);
          const leave = (): void => {
            if (!leaving.delete(leave)) return;
            here.delete(name);
            changed(memberWatches, path);
          };
          leaving.add(leave);
          return {
            async update(next) {
              if (!leaving.has(leave)) return;
              here.set(name, next);
              changed(memberWatches, path);
            },
            leave: async () => leave(),
          };
        },
        watchMembers: (path, onMembers) => watch(memberWatches, path, () => onMembers(new Map(members.get(path)))),
        async elect(path, _data, events): Promise<Election> {
          check();
          const candidate: Candidate = { events, leads: false };
          const here = at(elections, path, () => []);
          here.push(candidate);
          const resign = (): void => {
            if (!leaving.delete(resign)) return;
            here.splice(here.indexOf(candidate), 1);
            if (candidate.leads) {
              candidate.leads = false;
              events.deposed();
            }
            lead(path);
          };
          leaving.add(resign);
          lead(path);
          return { resign: async () => resign() };
        },
        read: async (path) => values.get(path) ?? { data: '', version: -1 },
        watchValue: (path, onValue) =>
          watch(valueWatches, path, () => {
            const value = values.get(path);
            if (value) onValue(value.data, value.version);
          }),
        async compareAndSet(path, data, version) {
          check();
          const current = values.get(path)?.version ?? -1;
          if (current !== version)
            throw new RouterError('VERSION_CONFLICT', phrase`${path} is at version ${current}, not ${version}`, {
              hint: phrase`read it again`,
            });
          values.set(path, { data, version: version + 1 });
          changed(valueWatches, path);
          return version + 1;
        },
        async nextTerm() {
          check();
          return ++term;
        },
        get validUntil() {
          return isClosed ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
        },
        async close() {
          isClosed = true;
          for (const leave of [...leaving]) leave();
        },
      };
    },
  };
}
