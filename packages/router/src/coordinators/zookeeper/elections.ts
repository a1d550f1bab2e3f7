import { randomBytes } from 'node:crypto';
import type { Closable, Election, ElectionEvents } from '../coordinator.ts';
import type { Persistence } from './persistence.ts';
import type { ZooKeeperSession } from './session.ts';
import { LIFE, type ZooKeeperTree } from './tree.ts';
import type { Watch, Watches } from './watches.ts';

export interface ElectionsParts {
  tree: ZooKeeperTree;
  watches: Watches;
  persistence: Persistence;
  session(): ZooKeeperSession;
  nextTerm(): Promise<number>;
}

/** Elections: the lowest numbered node leads, everybody else watches the one before. */
export class Elections {
  readonly #candidates = new Set<Candidate>();
  readonly #parts: ElectionsParts;

  constructor(parts: ElectionsParts) {
    this.#parts = parts;
  }

  elect(path: string, data: string, events: ElectionEvents): Election {
    const candidate = new Candidate({ ...this.#parts, path, data, events });
    this.#candidates.add(candidate);
    return {
      resign: async () => {
        this.#candidates.delete(candidate);
        await candidate.resign();
      },
    };
  }

  onSession(): void {
    for (const candidate of this.#candidates) candidate.onSession();
  }

  onExpired(): void {
    for (const candidate of this.#candidates) candidate.onExpired();
  }

  /** The session ends, and everything that stands there with it. */
  close(): void {
    for (const candidate of this.#candidates) candidate.close();
    this.#candidates.clear();
  }
}

interface CandidateParts extends ElectionsParts {
  path: string;
  data: string;
  events: ElectionEvents;
}

/** One that takes part in one election. */
class Candidate {
  readonly #parts: CandidateParts;
  /** Marks our node: after a lost connection it may be there though nobody said so. */
  readonly #mark = randomBytes(8).toString('hex');
  readonly #watch: Closable & Watch;
  #leads = false;
  #isOver = false;
  /** Changes with every session: an older run of `#campaign` gives up. */
  #round = 0;
  #node: string | undefined;
  #campaigning: Promise<void> = Promise.resolve();

  constructor(parts: CandidateParts) {
    this.#parts = parts;
    this.#watch = parts.watches.add((watch) => this.#look(watch), `election at ${parts.path}`);
    this.#campaign();
  }

  onSession(): void {
    this.#campaign();
  }

  onExpired(): void {
    this.#round++;
    this.#node = undefined;
    this.#depose();
  }

  async resign(): Promise<void> {
    if (this.#isOver) return;
    const { persistence, session } = this.#parts;
    this.close();
    // A node that is being created would lead for nobody for as long as the session lasts: it is waited for, then
    // taken away.
    const leave = async (): Promise<void> => {
      await this.#campaigning;
      await this.#removeNode();
    };
    await persistence.keepFor(session().timeoutMs, leave, 'resigning');
  }

  close(): void {
    this.#isOver = true;
    this.#watch.close();
    this.#depose();
  }

  #depose(): void {
    if (!this.#leads) return;
    this.#leads = false;
    this.#parts.events.deposed();
  }

  async #removeNode(): Promise<void> {
    const { tree, path } = this.#parts;
    if (this.#node) {
      await tree.remove(this.#node);
      return;
    }
    // Whether it was created is unknown when the connection fell.
    if (!(await tree.exists(path, false))) return;
    const mine = (await tree.children(path, false)).filter((name) => name.includes(this.#mark));
    for (const name of mine) await tree.remove(`${path}/${name}`);
  }

  #campaign(): void {
    const { tree, persistence, path, data } = this.#parts;
    const round = ++this.#round;
    const isOver = (): boolean => this.#isOver || this.#round !== round;
    const work = async (): Promise<void> => {
      await tree.makeParents(`${path}/x`);
      const mine = (await tree.children(path, false)).find((name) => name.includes(this.#mark));
      if (isOver()) return;
      const node = mine ? `${path}/${mine}` : await tree.create(`${path}/${this.#mark}-`, data, LIFE.sessionNumbered);
      if (this.#round === round) this.#node = node;
    };
    // One at a time: an older one may be about to create a node.
    this.#campaigning = this.#campaigning
      .then(() => persistence.keep(work, 'election', isOver))
      .then(() => {
        if (!isOver()) this.#watch.refresh();
      });
  }

  async #look(watch: Watch): Promise<void> {
    const { tree, path, nextTerm, events } = this.#parts;
    const node = this.#node;
    if (this.#isOver || !node) return;
    const all = (await tree.children(path, false)).sort((a, b) => numberOf(a) - numberOf(b));
    const at = all.indexOf(node.slice(node.lastIndexOf('/') + 1));
    if (at < 0) {
      // Somebody removed it, or the session went: take part anew.
      if (this.#node !== node) return;
      this.#node = undefined;
      this.#depose();
      this.#campaign();
      return;
    }
    if (at === 0) {
      watch.paths.add(node);
      await tree.exists(node, true);
      if (this.#leads) return;
      const term = await nextTerm();
      if (this.#node !== node || this.#isOver) return;
      this.#leads = true;
      events.elected(term);
      return;
    }
    const before = `${path}/${all[at - 1]}`;
    watch.paths.add(before);
    if (await tree.exists(before, true)) return;
    watch.paths.delete(before);
    await this.#look(watch);
  }
}

const numberOf = (name: string): number => Number(name.slice(name.lastIndexOf('-') + 1));
