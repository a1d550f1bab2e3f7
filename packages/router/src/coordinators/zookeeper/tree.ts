import type { JuteReader } from './jute.ts';
import { OP, ZK_ERROR, ZooKeeperReplyError, type ZooKeeperSession } from './session.ts';

/** How a node lives: for ever, as long as our session, or as long as our session and numbered by the server. */
export const LIFE = { forEver: 0, session: 1, sessionNumbered: 3 } as const;
/** Everybody may do everything: bits of permissions, and who. */
const ALL_PERMISSIONS = 31;

export const isReply = (error: unknown, ...codes: number[]): boolean =>
  error instanceof ZooKeeperReplyError && codes.includes(error.reply);

/** The nodes of ZooKeeper's tree, as operations that are asked of one session. */
export class ZooKeeperTree {
  readonly #session: ZooKeeperSession;
  /** Parents that were made, or found, once. */
  readonly #made = new Set<string>();

  constructor(session: ZooKeeperSession) {
    this.#session = session;
  }

  /** The path of the new node, with the server's number when it has one. */
  async create(path: string, data: string, life: number): Promise<string> {
    const reader = await this.#session.request(OP.create, path, (writer) =>
      writer.text(path).text(data).int(1).int(ALL_PERMISSIONS).text('world').text('anyone').int(life),
    );
    return reader.text();
  }

  async makeParents(path: string): Promise<void> {
    let at = '';
    for (const part of path.split('/').slice(1, -1)) {
      at += `/${part}`;
      if (this.#made.has(at)) continue;
      await this.create(at, '', LIFE.forEver).catch((error: unknown) => {
        if (!isReply(error, ZK_ERROR.nodeExists)) throw error;
      });
      this.#made.add(at);
    }
  }

  async get(path: string, watch: boolean): Promise<{ data: string; version: number; ephemeralOwner: bigint }> {
    const reader = await this.#session.request(OP.getData, path, (writer) => writer.text(path).bool(watch));
    return { data: reader.text(), ...reader.stat() };
  }

  /** @param version -1: whichever it has. The version that it has then */
  async set(path: string, data: string, version: number): Promise<number> {
    const reader = await this.#session.request(OP.setData, path, (writer) => writer.text(path).text(data).int(version));
    return reader.stat().version;
  }

  async exists(path: string, watch: boolean): Promise<boolean> {
    try {
      await this.#session.request(OP.exists, path, (writer) => writer.text(path).bool(watch));
      return true;
    } catch (error) {
      if (isReply(error, ZK_ERROR.noNode)) return false;
      throw error;
    }
  }

  async children(path: string, watch: boolean): Promise<string[]> {
    const reader: JuteReader = await this.#session.request(OP.getChildren2, path, (writer) =>
      writer.text(path).bool(watch),
    );
    return Array.from({ length: Math.max(0, reader.int()) }, () => reader.text());
  }

  /** A node that is not there is removed, too. */
  async remove(path: string): Promise<void> {
    await this.#session
      .request(OP.delete, path, (writer) => writer.text(path).int(-1))
      .catch((error: unknown) => {
        if (!isReply(error, ZK_ERROR.noNode)) throw error;
      });
  }

  /** What others were answered before is seen by this session afterwards. */
  async sync(path: string): Promise<void> {
    await this.#session.request(OP.sync, path, (writer) => writer.text(path));
  }
}
