import { RouterError } from '../../errors.ts';
import { phrase } from '../../phrase.ts';
import type { Coordinator } from '../coordinator.ts';
import { Elections } from './elections.ts';
import { Members } from './members.ts';
import { Persistence } from './persistence.ts';
import { ZK_ERROR, ZooKeeperSession } from './session.ts';
import { isReply, LIFE, ZooKeeperTree } from './tree.ts';
import { Watches } from './watches.ts';

export interface ZooKeeperOptions {
  /** `host:port` of each server of the ensemble. */
  servers: string[];
  /** Where everything of ours stands (default `/sparrow`). */
  root?: string;
  /**
   * How long after our death others take over (default 4,000 ms; the servers clamp it, by default not below two ticks
   * of 2 s).
   */
  sessionTimeoutMs?: number;
  log?: (line: string) => void;
}

const TERM_PATH = 'term';

/**
 * Coordination by ZooKeeper: members are ephemeral nodes, the lead is the lowest sequential one, terms are the version
 * of one node that every new main writes, so they rise over all sets and only a living session can get one.
 */
export function createZooKeeperCoordinator(options: ZooKeeperOptions): Coordinator {
  const { servers, root = '/sparrow', sessionTimeoutMs, log = () => {} } = options;
  const persistence = new Persistence(log);
  const watches = new Watches(persistence);
  const session = new ZooKeeperSession({
    servers,
    ...(sessionTimeoutMs !== undefined && { sessionTimeoutMs }),
    log,
    onSession() {
      members.onSession();
      watches.refreshAll();
      elections.onSession();
    },
    onExpired: () => elections.onExpired(),
    onReconnected: () => watches.refreshAll(),
    onWatch: (path) => watches.onEvent(path),
  });
  const tree = new ZooKeeperTree(session);
  const members = new Members({ tree, session: () => session, persistence });
  const elections = new Elections({ tree, watches, persistence, session: () => session, nextTerm });
  const full = (path: string): string => `${root}/${path}`;

  async function nextTerm(): Promise<number> {
    const path = full(TERM_PATH);
    try {
      return await tree.set(path, '', -1);
    } catch (error) {
      if (!isReply(error, ZK_ERROR.noNode)) throw error;
    }
    await tree.makeParents(path);
    await tree.create(path, '', LIFE.forEver).catch((error: unknown) => {
      if (!isReply(error, ZK_ERROR.nodeExists)) throw error;
    });
    return tree.set(path, '', -1);
  }

  const check = (): void => {
    if (persistence.isClosed)
      throw new RouterError('CLOSED', phrase`the coordinator was closed`, { hint: phrase`create another one` });
  };

  return {
    async join(path, name, data) {
      check();
      return members.join(full(`${path}/${name}`), data);
    },
    watchMembers(path, onMembers) {
      const parent = full(path);
      return watches.add(async (watch) => {
        await tree.makeParents(`${parent}/x`);
        watch.paths.add(parent);
        const found = new Map<string, string>();
        for (const name of await tree.children(parent, true)) {
          const child = `${parent}/${name}`;
          watch.paths.add(child);
          const value = await tree.get(child, true).catch((error: unknown) => {
            if (isReply(error, ZK_ERROR.noNode)) return undefined;
            throw error;
          });
          if (value) found.set(name, value.data);
        }
        onMembers(found);
      }, `members of ${path}`);
    },
    async elect(path, data, events) {
      check();
      return elections.elect(full(path), data, events);
    },
    async read(path) {
      check();
      try {
        // The server that we are linked to may be behind: what others were answered already must be seen here.
        await tree.sync(full(path));
        const { data, version } = await tree.get(full(path), false);
        return { data, version };
      } catch (error) {
        if (isReply(error, ZK_ERROR.noNode)) return { data: '', version: -1 };
        throw error;
      }
    },
    watchValue(path, onValue) {
      const node = full(path);
      return watches.add(async (watch) => {
        watch.paths.add(node);
        // `exists` watches what is not there yet, too.
        if (!(await tree.exists(node, true))) return;
        const { data, version } = await tree.get(node, true);
        onValue(data, version);
      }, `value of ${path}`);
    },
    async compareAndSet(path, data, version) {
      check();
      const node = full(path);
      try {
        if (version >= 0) return await tree.set(node, data, version);
        await tree.makeParents(node);
        await tree.create(node, data, LIFE.forEver);
        return 0;
      } catch (error) {
        if (isReply(error, ZK_ERROR.badVersion, ZK_ERROR.nodeExists, ZK_ERROR.noNode))
          throw new RouterError('VERSION_CONFLICT', phrase`${path} is not at version ${version}`, {
            hint: phrase`read it again`,
          });
        throw error;
      }
    },
    async nextTerm() {
      check();
      return nextTerm();
    },
    get validUntil() {
      return session.validUntil;
    },
    async close() {
      if (persistence.isClosed) return;
      elections.close();
      await session.close();
      persistence.close();
      watches.close();
    },
  };
}
