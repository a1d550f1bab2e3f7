import type { Membership } from '../coordinator.ts';
import type { Persistence } from './persistence.ts';
import { ZK_ERROR, type ZooKeeperSession } from './session.ts';
import { isReply, LIFE, type ZooKeeperTree } from './tree.ts';

interface Member {
  path: string;
  data: string;
  isLeft: boolean;
  /** What is written for it, one after the other. */
  writing: Promise<void>;
}

/** What stands in ZooKeeper as long as our session lasts, and again in the next one. */
export class Members {
  readonly #all = new Set<Member>();
  readonly #tree: ZooKeeperTree;
  readonly #session: () => ZooKeeperSession;
  readonly #persistence: Persistence;

  constructor(parts: { tree: ZooKeeperTree; session: () => ZooKeeperSession; persistence: Persistence }) {
    this.#tree = parts.tree;
    this.#session = parts.session;
    this.#persistence = parts.persistence;
  }

  async join(path: string, data: string): Promise<Membership> {
    const member: Member = { path, data, isLeft: false, writing: Promise.resolve() };
    this.#all.add(member);
    await this.#write(member);
    return {
      update: async (next) => {
        member.data = next;
        await this.#write(member);
      },
      leave: async () => {
        if (member.isLeft) return;
        member.isLeft = true;
        this.#all.delete(member);
        // What is being created would stand there for as long as the session: it is waited for, then taken away.
        const leave = async (): Promise<void> => {
          await member.writing;
          await this.#tree.remove(path);
        };
        await this.#persistence.keepFor(this.#session().timeoutMs, leave, 'leaving');
      },
    };
  }

  /** A new session begins: everything is written again. */
  onSession(): void {
    for (const member of this.#all) void this.#write(member);
  }

  #write(member: Member): Promise<void> {
    const write = (): Promise<void> =>
      this.#persistence.keep(
        () => this.#put(member),
        'membership',
        () => member.isLeft,
      );
    member.writing = member.writing.then(write);
    return member.writing;
  }

  async #put(member: Member): Promise<void> {
    const tree = this.#tree;
    await tree.makeParents(member.path);
    for (let attempt = 0; attempt < 3 && !member.isLeft; attempt++) {
      try {
        await tree.create(member.path, member.data, LIFE.session);
        return;
      } catch (error) {
        if (!isReply(error, ZK_ERROR.nodeExists)) throw error;
        const { ephemeralOwner } = await tree.get(member.path, false);
        if (ephemeralOwner === this.#session().id) {
          await tree.set(member.path, member.data, -1);
          return;
        }
        // Left behind by our former session, or by whoever had our name before.
        await tree.remove(member.path);
      }
    }
  }
}
