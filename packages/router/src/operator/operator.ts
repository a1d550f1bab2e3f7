import { createId } from '@sparrow/core';
import { RouterError } from '../errors.ts';
import { KIND } from '../frames/layout.ts';
import type { Link } from '../links/link.ts';
import { openLink } from '../links/open-link.ts';
import { Requests } from '../links/requests.ts';
import { phrase } from '../phrase.ts';
import { type MeshConfig, openCoordinator, openTransport, readSecrets } from '../process/config.ts';
import type { Lookup, Topology } from '../router/admin.ts';
import { ROUTERS_PATH, type RouterEntry } from '../router/mesh.ts';

/** What a person who runs a game asks and orders. */
export interface Operator {
  /** Every router that answers, mains first. */
  topology(): Promise<Topology[]>;
  /** Where an object is. @throws RouterError UNREACHABLE when no main answers */
  lookUp(type: string, key: string): Promise<Lookup>;
  drainNode(set: string, node: string): Promise<{ moved: number; left: number }>;
  drainSet(set: string): Promise<{ moved: number; left: number; slots: number }>;
  /**
   * A router hears nothing of one link (`set/name`) for so long, and still speaks.
   * @throws RouterError LINK_REFUSED when it was not started with `faults`
   */
  deafen(set: string, router: string, to: string, ms: number): Promise<void>;
  /** Bytes that are no frame, on a link that is open. */
  sendGarbage(set: string, router: string): Promise<void>;
  /** Resolves when a set has a main that takes objects. */
  waitForSet(set: string, timeoutMs?: number): Promise<Topology>;
  close(): Promise<void>;
}

const ANSWER_MS = 2_000;
const DRAIN_MS = 130_000;

/** Links to every router of a mesh, as an operator who knows its key. @throws RouterError */
export async function openOperator(config: MeshConfig & { routers?: string[] }): Promise<Operator> {
  const { key } = readSecrets(config);
  const transport = openTransport(config);
  const requests = new Requests();
  const links = new Map<string, Link>();
  const self = { role: 'admin', set: 'operator', name: 'operator', incarnation: createId('inc') } as const;
  const coordinator = config.routers ? undefined : openCoordinator(config);
  let entries: RouterEntry[] = [];
  const first = Promise.withResolvers<void>();
  const watch = coordinator?.watchMembers(ROUTERS_PATH, (members) => {
    entries = [...members.values()].map((text) => JSON.parse(text) as RouterEntry);
    first.resolve();
  });
  if (coordinator) {
    const timer = setTimeout(
      () =>
        first.reject(
          new RouterError('COORDINATION_LOST', phrase`ZooKeeper does not answer at ${config.zookeeper?.join(', ')}`, {
            hint: phrase`is it running? check \`zookeeper\` in the config`,
          }),
        ),
      10_000,
    );
    try {
      await first.promise;
    } catch (error) {
      // It would try for ever.
      await coordinator.close();
      await transport.close();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  async function linkTo(address: string): Promise<Link> {
    const known = links.get(address);
    if (known && !known.isDown) return known;
    const link = await openLink(await transport.dial(address, ANSWER_MS), 'dial', { self, key, timeoutMs: ANSWER_MS });
    link.handle({
      frame: (frame) => frame.kind === KIND.response && requests.onResponse(frame),
      down: (down) => requests.onDown(down),
    });
    links.set(address, link);
    return link;
  }
  const addresses = (): string[] => config.routers ?? entries.map(({ address }) => address);
  async function topology(): Promise<Topology[]> {
    const answers = await Promise.all(
      addresses().map(async (address) => {
        try {
          return await requests.ask<Topology>(await linkTo(address), { op: 'topology' }, ANSWER_MS);
        } catch {
          return undefined;
        }
      }),
    );
    return answers
      .filter((answer) => answer !== undefined)
      .sort((a, b) => a.set.localeCompare(b.set) || a.role.localeCompare(b.role) || a.router.localeCompare(b.router));
  }
  async function mainOf(set?: string): Promise<{ link: Link; topology: Topology }> {
    for (const address of addresses())
      try {
        const link = await linkTo(address);
        const answer = await requests.ask<Topology>(link, { op: 'topology' }, ANSWER_MS);
        if (answer.isReady && (set === undefined || answer.set === set)) return { link, topology: answer };
      } catch {
        // Another one may lead.
      }
    throw new RouterError('UNREACHABLE', set ? phrase`set ${set} has no main router` : phrase`no main router answers`, {
      hint: phrase`see \`sparrow game topology\`; is the key right?`,
    });
  }

  async function linkToRouter(set: string, name: string): Promise<Link> {
    for (const address of addresses()) {
      const link = await linkTo(address).catch(() => undefined);
      if (link?.other.set === set && link.other.name === name) return link;
    }
    throw new RouterError('UNREACHABLE', phrase`router ${set}/${name} does not answer`, { hint: phrase`see its log` });
  }

  return {
    topology,
    async lookUp(type, key) {
      return requests.ask<Lookup>((await mainOf()).link, { op: 'lookup', type, key, since: true });
    },
    async deafen(set, router, to, ms) {
      await requests.ask(await linkToRouter(set, router), { op: 'deafen', to, ms }, ANSWER_MS);
    },
    async sendGarbage(set, router) {
      (await linkToRouter(set, router)).wire.write(new TextEncoder().encode('this is no frame of any kind'.repeat(4)));
    },
    async drainNode(set, node) {
      return requests.ask((await mainOf(set)).link, { op: 'drain-node', node }, DRAIN_MS);
    },
    async drainSet(set) {
      return requests.ask((await mainOf(set)).link, { op: 'drain-set' }, DRAIN_MS);
    },
    async waitForSet(set, timeoutMs = 20_000) {
      for (const end = performance.now() + timeoutMs; performance.now() < end; ) {
        const found = await mainOf(set).catch(() => undefined);
        if (found) return found.topology;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      throw new RouterError('UNREACHABLE', phrase`set ${set} has no main after ${timeoutMs} ms`, {
        hint: phrase`see the logs of its routers`,
      });
    },
    async close() {
      watch?.close();
      for (const link of links.values()) link.close();
      await coordinator?.close();
      await transport.close();
    },
  };
}
