import { randomBytes } from 'node:crypto';
import { backoff } from '@sparrow/core';
import { RouterError } from '../../errors.ts';
import type { Closable, Coordinator, Election, ElectionEvents, Membership } from '../coordinator.ts';
import type { JuteReader } from './jute.ts';
import { OP, ZK_ERROR, ZooKeeperReplyError, ZooKeeperSession } from './session.ts';

export interface ZooKeeperOptions {
  /** `host:port` of each server of the ensemble. */
  servers: string[];
  /** Where everything of ours stands (default `/sparrow`). */
  root?: string;
  /** How long after our death others take over (default 4,000 ms; the servers clamp it, by default not below two ticks of 2 s). */
  sessionTimeoutMs?: number;
  log?: (line: string) => void;
}

const EPHEMERAL = 1;
const EPHEMERAL_SEQUENTIAL = 3;
const TERM_PATH = 'term';

interface Member {
  path: string;
  data: string;
  isLeft: boolean;
}

interface Watch {
  paths: Set<string>;
  refresh(): void;
}

interface Candidate {
  path: string;
  data: string;
  guid: string;
  events: ElectionEvents;
  leads: boolean;
  isOver: boolean;
  /** Changes with every session: an older run of `campaign` gives up. */
  round: number;
  node: string | undefined;
  watch: Watch;
}

const isReply = (error: unknown, ...codes: number[]): boolean =>
  error instanceof ZooKeeperReplyError && codes.includes(error.reply);

/**
 * Coordination by ZooKeeper: members are ephemeral nodes, the lead is the lowest sequential one, terms are the version of one node
 * that every new main writes, so they rise over all sets and only a living session can get one.
 */
export function createZooKeeperCoordinator(options: ZooKeeperOptions): Coordinator {
  const root = options.root ?? '/sparrow';
  const log = options.log ?? (() => {});
  const members = new Set<Member>();
  const watches = new Set<Watch>();
  const candidates = new Set<Candidate>();
  const made = new Set<string>();
  let isClosed = false;

  const session = new ZooKeeperSession({
    servers: options.servers,
    ...(options.sessionTimeoutMs !== undefined && { sessionTimeoutMs: options.sessionTimeoutMs }),
    log,
    onSession() {
      for (const member of members)
        void keep(
          () => put(member),
          'membership',
          () => member.isLeft,
        );
      for (const watch of watches) watch.refresh();
      for (const candidate of candidates) void campaign(candidate);
    },
    onExpired() {
      for (const candidate of candidates) {
        candidate.round++;
        candidate.node = undefined;
        if (!candidate.leads) continue;
        candidate.leads = false;
        candidate.events.deposed();
      }
    },
    onReconnected() {
      for (const watch of watches) watch.refresh();
    },
    onWatch(path) {
      for (const watch of [...watches]) if (watch.paths.delete(path)) watch.refresh();
    },
  });

  const full = (path: string): string => `${root}/${path}`;

  async function create(path: string, data: string, flags: number): Promise<string> {
    const reader = await session.request(OP.create, path, (writer) =>
      writer.text(path).text(data).int(1).int(31).text('world').text('anyone').int(flags),
    );
    return reader.text();
  }
  async function makeParents(path: string): Promise<void> {
    const parts = path.split('/').slice(1, -1);
    let at = '';
    for (const part of parts) {
      at += `/${part}`;
      if (made.has(at)) continue;
      await create(at, '', 0).catch((error: unknown) => {
        if (!isReply(error, ZK_ERROR.nodeExists)) throw error;
      });
      made.add(at);
    }
  }
  const getData = async (path: string, watch: boolean) => {
    const reader = await session.request(OP.getData, path, (writer) => writer.text(path).bool(watch));
    return { data: reader.text(), ...reader.stat() };
  };
  const exists = async (path: string, watch: boolean): Promise<boolean> => {
    try {
      await session.request(OP.exists, path, (writer) => writer.text(path).bool(watch));
      return true;
    } catch (error) {
      if (isReply(error, ZK_ERROR.noNode)) return false;
      throw error;
    }
  };
  const children = async (path: string, watch: boolean): Promise<string[]> => {
    const reader: JuteReader = await session.request(OP.getChildren2, path, (writer) => writer.text(path).bool(watch));
    return Array.from({ length: Math.max(0, reader.int()) }, () => reader.text());
  };
  const remove = async (path: string): Promise<void> => {
    await session
      .request(OP.delete, path, (writer) => writer.text(path).int(-1))
      .catch((error: unknown) => {
        if (!isReply(error, ZK_ERROR.noNode)) throw error;
      });
  };

  /** Tries until it is done, or not wanted any more; a lost connection is no reason to give up. */
  async function keep(work: () => Promise<void>, what: string, isOver: () => boolean): Promise<void> {
    for (let attempt = 0; !isClosed && !isOver(); attempt++) {
      try {
        await work();
        return;
      } catch (error) {
        if (attempt % 10 === 9) log(`${what}: ${error instanceof Error ? error.message : String(error)}`);
        await new Promise((resolve) => setTimeout(resolve, backoff(attempt, { baseMs: 20, maxMs: 1_000 })));
      }
    }
  }

  async function put(member: Member): Promise<void> {
    await makeParents(member.path);
    for (let attempt = 0; attempt < 3 && !member.isLeft; attempt++) {
      try {
        await create(member.path, member.data, EPHEMERAL);
        return;
      } catch (error) {
        if (!isReply(error, ZK_ERROR.nodeExists)) throw error;
        const { ephemeralOwner } = await getData(member.path, false);
        if (ephemeralOwner === session.id) {
          await session.request(OP.setData, member.path, (writer) =>
            writer.text(member.path).text(member.data).int(-1),
          );
          return;
        }
        // Left behind by our former session, or by whoever had our name before.
        await remove(member.path);
      }
    }
  }

  /** Calls `load` now and after every change, one at a time. */
  function watchFor(load: (watch: Watch) => Promise<void>, what: string): Closable & Watch {
    let isOver = false;
    let isRunning = false;
    let again = false;
    const watch: Watch = {
      paths: new Set(),
      refresh() {
        if (isRunning) {
          again = true;
          return;
        }
        isRunning = true;
        void (async () => {
          do {
            again = false;
            watch.paths.clear();
            await keep(
              () => load(watch),
              what,
              () => isOver,
            );
          } while (again && !isOver && !isClosed);
          isRunning = false;
        })();
      },
    };
    watches.add(watch);
    watch.refresh();
    return Object.assign(watch, {
      close() {
        isOver = true;
        watches.delete(watch);
      },
    });
  }

  // Elections: the lowest sequential node leads, everybody else watches the one before.

  async function campaign(candidate: Candidate): Promise<void> {
    const round = ++candidate.round;
    const isOver = (): boolean => candidate.isOver || candidate.round !== round || isClosed;
    await keep(
      async () => {
        await makeParents(`${candidate.path}/x`);
        // After a lost connection the node may be there: its name carries our mark.
        const mine = (await children(candidate.path, false)).find((name) => name.includes(candidate.guid));
        const node = mine
          ? `${candidate.path}/${mine}`
          : await create(`${candidate.path}/${candidate.guid}-`, candidate.data, EPHEMERAL_SEQUENTIAL);
        if (isOver()) {
          await remove(node);
          return;
        }
        candidate.node = node;
      },
      'election',
      isOver,
    );
    if (!isOver()) candidate.watch.refresh();
  }

  async function look(candidate: Candidate, watch: Watch): Promise<void> {
    const { node } = candidate;
    if (candidate.isOver || !node) return;
    const sequence = (name: string): number => Number(name.slice(name.lastIndexOf('-') + 1));
    const all = (await children(candidate.path, false)).sort((a, b) => sequence(a) - sequence(b));
    const own = node.slice(node.lastIndexOf('/') + 1);
    const at = all.indexOf(own);
    if (at < 0) {
      // Somebody removed it, or the session went: take part anew.
      if (candidate.node === node) {
        candidate.node = undefined;
        if (candidate.leads) {
          candidate.leads = false;
          candidate.events.deposed();
        }
        void campaign(candidate);
      }
      return;
    }
    if (at === 0) {
      watch.paths.add(node);
      await exists(node, true);
      if (candidate.leads) return;
      const term = await nextTerm();
      if (candidate.node !== node || candidate.isOver) return;
      candidate.leads = true;
      candidate.events.elected(term);
      return;
    }
    const before = `${candidate.path}/${all[at - 1]}`;
    watch.paths.add(before);
    if (!(await exists(before, true))) {
      watch.paths.delete(before);
      await look(candidate, watch);
    }
  }

  async function nextTerm(): Promise<number> {
    const path = full(TERM_PATH);
    const write = async (): Promise<number> => {
      const reader = await session.request(OP.setData, path, (writer) => writer.text(path).text('').int(-1));
      return reader.stat().version;
    };
    try {
      return await write();
    } catch (error) {
      if (!isReply(error, ZK_ERROR.noNode)) throw error;
    }
    await makeParents(path);
    await create(path, '', 0).catch((error: unknown) => {
      if (!isReply(error, ZK_ERROR.nodeExists)) throw error;
    });
    return write();
  }

  const check = (): void => {
    if (isClosed) throw new RouterError('CLOSED', 'the coordinator was closed', { hint: 'create another one' });
  };

  return {
    async join(path, name, data): Promise<Membership> {
      check();
      const member: Member = { path: full(`${path}/${name}`), data, isLeft: false };
      members.add(member);
      await keep(
        () => put(member),
        'membership',
        () => member.isLeft,
      );
      return {
        async update(next) {
          member.data = next;
          await keep(
            () => put(member),
            'membership',
            () => member.isLeft,
          );
        },
        async leave() {
          member.isLeft = true;
          members.delete(member);
          if (!isClosed) await remove(member.path);
        },
      };
    },
    watchMembers(path, onMembers) {
      const parent = full(path);
      return watchFor(async (watch) => {
        await makeParents(`${parent}/x`);
        watch.paths.add(parent);
        const found = new Map<string, string>();
        for (const name of await children(parent, true)) {
          const child = `${parent}/${name}`;
          watch.paths.add(child);
          const value = await getData(child, true).catch((error: unknown) => {
            if (isReply(error, ZK_ERROR.noNode)) return undefined;
            throw error;
          });
          if (value) found.set(name, value.data);
        }
        onMembers(found);
      }, `members of ${path}`);
    },
    async elect(path, data, events): Promise<Election> {
      check();
      const candidate: Candidate = {
        path: full(path),
        data,
        guid: randomBytes(8).toString('hex'),
        events,
        leads: false,
        isOver: false,
        round: 0,
        node: undefined,
        watch: { paths: new Set(), refresh: () => {} },
      };
      const watch = watchFor((own) => look(candidate, own), `election at ${path}`);
      candidate.watch = watch;
      candidates.add(candidate);
      void campaign(candidate);
      return {
        async resign() {
          if (candidate.isOver) return;
          candidate.isOver = true;
          candidates.delete(candidate);
          watch.close();
          const { node } = candidate;
          if (candidate.leads) {
            candidate.leads = false;
            events.deposed();
          }
          if (node && !isClosed)
            await keep(
              () => remove(node),
              'resigning',
              () => false,
            );
        },
      };
    },
    async read(path) {
      check();
      try {
        // The server that we are linked to may be behind: what others were answered already must be seen here.
        await session.request(OP.sync, full(path), (writer) => writer.text(full(path)));
        const { data, version } = await getData(full(path), false);
        return { data, version };
      } catch (error) {
        if (isReply(error, ZK_ERROR.noNode)) return { data: '', version: -1 };
        throw error;
      }
    },
    watchValue(path, onValue) {
      const node = full(path);
      return watchFor(async (watch) => {
        watch.paths.add(node);
        // `exists` watches what is not there yet, too.
        if (!(await exists(node, true))) return;
        const { data, version } = await getData(node, true);
        onValue(data, version);
      }, `value of ${path}`);
    },
    async compareAndSet(path, data, version) {
      check();
      const node = full(path);
      try {
        if (version < 0) {
          await makeParents(node);
          await create(node, data, 0);
          return 0;
        }
        const reader = await session.request(OP.setData, node, (writer) => writer.text(node).text(data).int(version));
        return reader.stat().version;
      } catch (error) {
        if (isReply(error, ZK_ERROR.badVersion, ZK_ERROR.nodeExists, ZK_ERROR.noNode))
          throw new RouterError('VERSION_CONFLICT', `${path} is not at version ${version}`, { hint: 'read it again' });
        throw error;
      }
    },
    nextTerm,
    get validUntil() {
      return session.validUntil;
    },
    async close() {
      if (isClosed) return;
      for (const candidate of candidates) {
        candidate.isOver = true;
        if (candidate.leads) {
          candidate.leads = false;
          candidate.events.deposed();
        }
      }
      await session.close();
      isClosed = true;
      watches.clear();
    },
  };
}
